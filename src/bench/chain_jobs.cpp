#include "bench/chain_jobs.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <utility>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/rpc/rpc_client.hpp"
#include "network/devnet/anvil.hpp"
#include "network/devnet/deployment.hpp"
#include "runtime/clock.hpp"

namespace emeth::bench {

namespace {

constexpr Milliseconds rpc_timeout{10'000}, receipt_poll{100};
constexpr int receipt_polls_max = 300;  // 30 s
constexpr std::uint64_t gas_limit = 500'000;
constexpr std::int64_t deadline_in_s = 86'400;

/// Sends a transaction from an account that anvil signs for; returns its hash.
Task<Result<Hash256>> send(chain::RpcClient& rpc, Address from, Address to, chain::Bytes data) {
    boost::json::array parameters;
    parameters.emplace_back(boost::json::object{
        {"from", from.hex()}, {"to", to.hex()}, {"gas", network::hex_quantity(gas_limit)}, {"data", to_hex(data)}});
    const auto answer = co_await rpc.call("eth_sendTransaction", std::move(parameters));
    if (answer.has_error()) co_return answer.error();
    const auto* text = answer->if_string();
    const auto hash = text == nullptr ? std::nullopt : Hash256::parse(std::string_view(text->data(), text->size()));
    if (!hash) co_return permanent_error("eth_sendTransaction did not return a hash");
    co_return *hash;
}

Task<Result<chain::Receipt>> mined(chain::Chain& chain, Hash256 hash) {
    for (int poll = 0; poll < receipt_polls_max; ++poll) {
        const auto receipt = co_await chain.receipt(hash);
        if (receipt.has_error()) co_return receipt.error();
        if (*receipt && !(*receipt)->succeeded) co_return permanent_error("transaction " + hash.hex() + " reverted");
        if (*receipt) co_return **receipt;
        co_await system_clock().sleep(receipt_poll);
    }
    co_return transient_error("no block took transaction " + hash.hex());
}

Task<Result<Address>> unlocked_account(chain::RpcClient& rpc) {
    const auto answer = co_await rpc.call("eth_accounts", {});
    if (answer.has_error()) co_return answer.error();
    const auto* list = answer->if_array();
    const auto* text = list == nullptr || list->empty() ? nullptr : list->front().if_string();
    const auto account = text == nullptr ? std::nullopt : Address::parse(std::string_view(text->data(), text->size()));
    if (!account) co_return permanent_error("anvil has no account of its own");
    co_return *account;
}

Task<Result<void>> approve_all(chain::RpcClient& rpc, network::Devnet& devnet, Address owner) {
    chain::Bytes data = chain::encode_approve(devnet.core(), *chain::parse_coins("1000000"));
    std::string text = to_hex(data);
    const auto approved = co_await network::send_unlocked(rpc, owner, devnet.token().hex(), std::move(text));
    if (approved.has_error()) co_return approved.error();
    co_return Result<void>{};
}

Wei job_fee() {
    return *chain::parse_coins("30");
}

JobId id_of(std::size_t number) {
    JobId id;
    id.bytes.fill(0xfe);  // sorts after all finished ones
    id.bytes[15] = static_cast<std::uint8_t>(number);
    id.bytes[14] = static_cast<std::uint8_t>(number >> 8);
    return id;
}

/// Puts `count` JOBs on chain and waits until they are.
Task<Result<void>> request_jobs(chain::RpcClient& rpc, network::Devnet& devnet, Address requester, std::size_t count,
                                std::int64_t deadline_unix_s) {
    std::vector<Hash256> requests;
    for (std::size_t number = 0; number < count; ++number) {
        const JobId id = id_of(number);
        chain::Bytes data = chain::encode_request(id, 0, id.hex().substr(2) + ".txt", R"({"language":"en","epoch":2})",
                                                  job_fee(), deadline_unix_s);
        const auto hash = co_await send(rpc, requester, devnet.core(), std::move(data));
        if (hash.has_error()) co_return in_context("request", hash.error());
        requests.push_back(*hash);
    }
    for (const Hash256& hash : requests) {
        const auto receipt = co_await mined(devnet.chain(), hash);
        if (receipt.has_error()) co_return in_context("request", receipt.error());
    }
    co_return Result<void>{};
}

storage::OutboxEntry outbox_entry(const chain::Receipt& receipt, std::uint64_t nonce, const JobId& job, Wei deposit) {
    storage::OutboxEntry entry;
    entry.nonce = nonce;
    entry.kind = storage::TxKind::process;
    entry.job = job;
    entry.hash = receipt.transaction;
    entry.amount = deposit;
    entry.mined_block = receipt.block;
    entry.succeeded = true;
    return entry;
}

}  // namespace

Task<Result<ChainJobs>> put_active_jobs(network::Devnet& devnet, Address node, std::uint64_t first_nonce,
                                        std::size_t count) {
    chain::RpcClient rpc(devnet.endpoint(), rpc_timeout);
    const auto requester = co_await unlocked_account(rpc);
    if (requester.has_error()) co_return requester.error();
    const Wei alt = *chain::parse_coins("1000"), emt = *chain::parse_coins("1000000"), fee = job_fee();
    for (const Address& account : {*requester, node}) {
        const auto funded = co_await devnet.fund(account, alt, emt);
        if (funded.has_error()) co_return in_context("funding", funded.error());
    }
    boost::json::array nonce_parameters{node.hex(), network::hex_quantity(first_nonce)};
    const auto aged = co_await rpc.call("anvil_setNonce", std::move(nonce_parameters));
    if (aged.has_error()) co_return aged.error();
    boost::json::array account_parameters{node.hex()};
    const auto unlocked = co_await rpc.call("anvil_impersonateAccount", std::move(account_parameters));
    if (unlocked.has_error()) co_return unlocked.error();
    for (const Address& account : {*requester, node}) {
        const auto approved = co_await approve_all(rpc, devnet, account);
        if (approved.has_error()) co_return approved.error();
    }
    const auto constants = co_await devnet.chain().constants();
    if (constants.has_error()) co_return constants.error();
    const auto latest = co_await devnet.chain().latest_block();
    if (latest.has_error()) co_return latest.error();

    auto requesting = request_jobs(rpc, devnet, *requester, count, latest->timestamp_unix_s + deadline_in_s);
    const auto requested = co_await std::move(requesting);
    if (requested.has_error()) co_return requested.error();
    std::vector<Hash256> processes;
    for (std::size_t number = 0; number < count; ++number) {
        chain::Bytes data = chain::encode_process(id_of(number));
        const auto hash = co_await send(rpc, node, devnet.core(), std::move(data));
        if (hash.has_error()) co_return in_context("process", hash.error());
        processes.push_back(*hash);
    }
    ChainJobs result;
    for (std::size_t number = 0; number < count; ++number) {
        const auto receipt = co_await mined(devnet.chain(), processes[number]);
        if (receipt.has_error()) co_return in_context("process", receipt.error());
        ActiveTerms terms;
        terms.id = id_of(number);
        terms.owner = *requester;
        terms.worker.bytes.fill(0xab);
        terms.worker.bytes[19] = static_cast<std::uint8_t>(number);
        terms.fee = fee;
        terms.deposit = chain::rate_of(fee, constants->deposit_rate);
        terms.requested_at_unix_s = latest->timestamp_unix_s;
        terms.deadline_unix_s = latest->timestamp_unix_s + deadline_in_s;
        terms.process = {receipt->transaction, first_nonce + 1 + number, receipt->block};
        result.transactions.push_back(outbox_entry(*receipt, terms.process.nonce, terms.id, terms.deposit));
        result.jobs.push_back(terms);
    }
    co_return result;
}

Task<Result<std::vector<JobId>>> put_open_jobs(network::Devnet& devnet, std::size_t count) {
    chain::RpcClient rpc(devnet.endpoint(), rpc_timeout);
    const auto requester = co_await unlocked_account(rpc);
    if (requester.has_error()) co_return requester.error();
    const Wei alt = *chain::parse_coins("1000"), emt = *chain::parse_coins("1000000");
    const auto funded = co_await devnet.fund(*requester, alt, emt);
    if (funded.has_error()) co_return in_context("funding", funded.error());
    const auto approved = co_await approve_all(rpc, devnet, *requester);
    if (approved.has_error()) co_return approved.error();
    const auto latest = co_await devnet.chain().latest_block();
    if (latest.has_error()) co_return latest.error();
    auto requesting = request_jobs(rpc, devnet, *requester, count, latest->timestamp_unix_s + deadline_in_s);
    const auto requested = co_await std::move(requesting);
    if (requested.has_error()) co_return requested.error();
    std::vector<JobId> jobs;
    for (std::size_t number = 0; number < count; ++number) jobs.push_back(id_of(number));
    co_return jobs;
}

}  // namespace emeth::bench
