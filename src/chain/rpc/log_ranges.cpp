#include "chain/rpc/log_ranges.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <iterator>
#include <utility>

#include "chain/rpc/rpc_json.hpp"

namespace emeth::chain::rpc {
namespace {

namespace json = boost::json;

Task<Result<std::vector<Log>>> logs_at_once(RpcClient& rpc, Address contract, json::array topics,
                                            std::uint64_t from_block, std::uint64_t to_block) {
    json::object filter{{"address", contract.hex()},
                        {"topics", std::move(topics)},
                        {"fromBlock", quantity(from_block)},
                        {"toBlock", quantity(to_block)}};
    json::array params{std::move(filter)};
    const Result<json::value> answer = co_await rpc.call("eth_getLogs", std::move(params));
    if (answer.has_error()) co_return answer.error();
    Result<std::vector<Log>> logs = read_logs(*answer, rpc.describe("eth_getLogs"));
    if (logs.has_error()) co_return logs.error();
    // An endpoint that ignores part of the filter is not trusted.
    std::erase_if(*logs, [&](const Log& log) {
        return log.address != contract || log.block < from_block || log.block > to_block;
    });
    const auto position = [](const Log& log) { return std::pair(log.block, log.index); };
    std::sort(logs->begin(), logs->end(), [&](const Log& a, const Log& b) { return position(a) < position(b); });
    co_return logs;
}

}  // namespace

/// Endpoints refuse large ranges and large answers in many different words, so any failure halves the range, a bounded
/// number of times.
Task<Result<std::vector<Log>>> logs_in_range(RpcClient& rpc, Address contract, json::array topics,
                                             std::uint64_t from_block, std::uint64_t to_block) {
    constexpr int failures_max = 12;
    std::vector<Log> all;
    if (from_block > to_block) co_return all;
    std::uint64_t window = to_block - from_block;  // blocks after the first
    int failures = 0;
    for (std::uint64_t next = from_block;;) {
        const std::uint64_t end = next + std::min(to_block - next, window);
        Result<std::vector<Log>> found = co_await logs_at_once(rpc, contract, topics, next, end);
        if (!found && (window == 0 || ++failures > failures_max)) co_return found.error();
        if (!found) {
            window /= 2;
            continue;
        }
        failures = 0;
        std::move(found->begin(), found->end(), std::back_inserter(all));
        if (end == to_block) break;
        next = end + 1;
    }
    co_return all;
}

}  // namespace emeth::chain::rpc
