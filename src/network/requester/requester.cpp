#include "network/requester/requester.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/gas.hpp"
#include "runtime/failpoint.hpp"

namespace emeth::network {

namespace {

Result<std::uint64_t> size_of(const std::filesystem::path& dataset) {
    std::error_code error;
    const std::uint64_t bytes = std::filesystem::file_size(dataset, error);
    if (error) return permanent_error(fmt::format("dataset {}: {}", dataset.string(), error.message()));
    return bytes;
}

}  // namespace

Task<Result<chain::Receipt>> Requester::send(Address to, chain::Bytes data, std::string what) {
    chain::Intent intent;
    intent.to = to;
    intent.data = std::move(data);
    failpoint::before("send", what);
    auto entry = co_await ports_.sender.send_and_store(std::move(intent));
    failpoint::after("send", what);
    if (entry.has_error()) co_return in_context(what, entry.error());
    auto outcome = co_await ports_.sender.await_outcome(entry->nonce, entry->hash);
    if (outcome.has_error()) co_return in_context(what, outcome.error());
    if (!outcome->receipt.succeeded) co_return permanent_error(what + " reverted: " + outcome->revert_reason);
    co_return std::move(outcome->receipt);
}

Task<Result<Quote>> Requester::quote(JobRequest request) {
    const auto bytes = size_of(request.dataset);
    if (bytes.has_error()) co_return bytes.error();
    const auto enough = check_dataset_bytes(*bytes);
    if (enough.has_error()) co_return in_context(request.dataset.string(), enough.error());
    const auto gas = co_await chain::dataset_gas(ports_.chain, *bytes);
    if (gas.has_error()) co_return gas.error();
    const auto constants = co_await ports_.chain.constants();
    if (constants.has_error()) co_return constants.error();
    Quote quote;
    quote.dataset_bytes = *bytes;
    quote.gas = *gas;
    const chain::U256 by_gas = chain::to_u256(request.gas_price) * *gas;
    quote.fee = chain::to_wei(std::max(by_gas, chain::to_u256(request.fee_min)));
    quote.verifier_fee = constants->verifier_fee;
    const auto payable = check_quote(quote);
    if (payable.has_error()) co_return payable.error();
    const auto balance = co_await ports_.chain.emt_balance(ports_.sender.address());
    if (balance.has_error()) co_return balance.error();
    if (*balance < quote.fee)
        co_return permanent_error(fmt::format("the fee is {} EMT, and {} has {} EMT", chain::format_coins(quote.fee),
                                              ports_.sender.address().hex(), chain::format_coins(*balance)));
    co_return quote;
}

Task<Result<RequestedJob>> Requester::request(JobRequest request) {
    const auto quoted = co_await quote(request);
    if (quoted.has_error()) co_return quoted.error();
    RequestedJob job;
    job.dataset_bytes = quoted->dataset_bytes;
    job.gas = quoted->gas;
    job.fee = quoted->fee;

    ports_.random.fill(job.id.bytes);
    const auto name = co_await ports_.storage.upload_dataset(job.id, request.dataset);
    if (name.has_error()) co_return in_context(fmt::format("uploading {}", request.dataset.string()), name.error());

    JobTerms terms{job.id, request.program_id, *name, request.param, job.fee, request.deadline_in_s};
    auto putting = put_on_chain(std::move(terms));
    auto on_chain = co_await std::move(putting);
    if (on_chain.has_error()) co_return on_chain.error();
    on_chain->dataset_bytes = job.dataset_bytes;
    on_chain->gas = job.gas;
    co_return on_chain;
}

Task<Result<RequestedJob>> Requester::put_on_chain(JobTerms terms) {
    chain::Bytes approve = chain::encode_approve(core_, terms.fee);
    const auto approved = co_await send(token_, std::move(approve), "approving the fee");
    if (approved.has_error()) co_return approved.error();
    const auto latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    RequestedJob job;
    job.id = terms.id;
    job.fee = terms.fee;
    job.deadline_unix_s = latest->timestamp_unix_s + terms.deadline_in_s;
    chain::Bytes data =
        chain::encode_request(job.id, terms.program_id, terms.dataset, terms.param, job.fee, job.deadline_unix_s);
    const auto requested = co_await send(core_, std::move(data), "request");
    if (requested.has_error()) co_return requested.error();
    job.transaction = requested->transaction;
    co_return job;
}

Task<Result<void>> Requester::cancel(JobId id) {
    chain::Bytes data = chain::encode_cancel(id);
    const auto canceled = co_await send(core_, std::move(data), "cancel");
    if (canceled.has_error()) co_return canceled.error();
    co_return Result<void>{};
}

}  // namespace emeth::network
