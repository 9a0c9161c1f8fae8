#include "chain/rpc/rpc_archive.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <iterator>
#include <utility>

#include "chain/encoding/abi.hpp"
#include "chain/encoding/token_transfers.hpp"
#include "chain/rpc/log_ranges.hpp"
#include "chain/rpc/rpc_json.hpp"

namespace emeth::chain {

namespace json = boost::json;

Task<Result<Wei>> RpcArchive::emt_balance_at(Address account, std::uint64_t block) {
    const Bytes data = abi::Encoder("balanceOf(address)").address(account).finish();
    json::object call{{"to", token_.hex()}, {"data", to_hex(data)}};
    json::array params{std::move(call), rpc::quantity(block)};
    const Result<json::value> answer = co_await rpc_.call("eth_call", std::move(params));
    if (answer.has_error()) co_return in_context("balanceOf", answer.error());
    const Result<Bytes> value = rpc::read_bytes(*answer, rpc_.describe("eth_call"));
    if (value.has_error()) co_return value.error();
    if (value->empty()) co_return Wei{};  // there was no contract at this address yet
    abi::Decoder in(*value, "balanceOf of " + token_.hex());
    const Wei balance = in.amount("value");
    if (const Result<void> check = in.check(); check.has_error()) co_return check.error();
    co_return balance;
}

Task<Result<Wei>> RpcArchive::alt_balance_at(Address account, std::uint64_t block) {
    json::array params{account.hex(), rpc::quantity(block)};
    const Result<json::value> answer = co_await rpc_.call("eth_getBalance", std::move(params));
    if (answer.has_error()) co_return answer.error();
    co_return rpc::read_quantity_256(*answer, rpc_.describe("eth_getBalance"));
}

Task<Result<std::uint64_t>> RpcArchive::transaction_count_at(Address account, std::uint64_t block) {
    json::array params{account.hex(), rpc::quantity(block)};
    const Result<json::value> answer = co_await rpc_.call("eth_getTransactionCount", std::move(params));
    if (answer.has_error()) co_return answer.error();
    co_return rpc::read_quantity(*answer, rpc_.describe("eth_getTransactionCount"));
}

/// Two questions, since a filter cannot ask for either of two topics. What the account sent to itself answers both.
Task<Result<std::vector<Log>>> RpcArchive::emt_transfers(Address account, std::uint64_t from_block,
                                                         std::uint64_t to_block) {
    const std::string transfer = transfer_event_topic().hex(), own = abi::word_of(account).hex();
    json::array from_it{transfer, own}, to_it{transfer, nullptr, own};
    Result<std::vector<Log>> sent = co_await rpc::logs_in_range(rpc_, token_, std::move(from_it), from_block, to_block);
    if (sent.has_error()) co_return sent.error();
    Result<std::vector<Log>> received =
        co_await rpc::logs_in_range(rpc_, token_, std::move(to_it), from_block, to_block);
    if (received.has_error()) co_return received.error();
    const auto position = [](const Log& log) { return std::pair(log.block, log.index); };
    std::vector<Log> all;
    std::ranges::set_union(*sent, *received, std::back_inserter(all), {}, position, position);
    co_return all;
}

}  // namespace emeth::chain
