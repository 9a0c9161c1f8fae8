#include "chain/rpc/rpc_client.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/waiting.hpp"

namespace emeth::chain {
namespace {

constexpr Milliseconds quiet_max{60'000};  // deadlines do not wait longer for an endpoint

/// HTTP statuses say little about an RPC endpoint, and a broken one may work again a minute later: all are transient.
Result<rpc::Answer> read_response(const Endpoint& endpoint, const std::string& what, std::uint64_t id,
                                  const http::ClientResponse& response) {
    constexpr unsigned ok = 200, unauthorized = 401, forbidden = 403, server_error = 500;
    // Its text is left out: such a page may repeat what was sent.
    if (response.status == unauthorized || response.status == forbidden)
        return transient_error(fmt::format("endpoint {} does not let us in (HTTP {}); check `endpoint_auth_file`",
                                           endpoint.url.origin(), response.status));
    if (response.status < server_error && rpc::is_html(response.body)) {
        return transient_error(fmt::format("endpoint {} answered HTML, not JSON-RPC (HTTP {}); check `endpoint`",
                                           endpoint.url.origin(), response.status));
    }
    Result<rpc::Answer> answer = rpc::parse_answer(response.body, id, what);
    if (!answer && response.status != ok && !endpoint.authorization.empty())
        return transient_error(fmt::format("{} answered HTTP {}", what, response.status));
    if (!answer && response.status != ok) return transient_error(http::status_error(what, response).message);
    return answer;
}

}  // namespace

RpcClient::RpcClient(Endpoint endpoint, Milliseconds timeout) : endpoint_(std::move(endpoint)), timeout_(timeout) {}

std::string RpcClient::describe(std::string_view method) const {
    return fmt::format("{} at {}", method, endpoint_.url.origin());
}

/// The time that an endpoint wants to be left alone is not the call's.
Task<Result<rpc::Answer>> RpcClient::exchange(std::string method, boost::json::array params) {
    const Waiting waiting(fmt::format("the endpoint {} ({})", endpoint_.url.origin(), method));
    const Milliseconds wait = quiet_until_ - system_clock().monotonic();
    if (wait > Milliseconds::zero()) co_await system_clock().sleep(wait);
    const Milliseconds began = system_clock().monotonic();
    MethodTally& tally = tally_[method];
    Result<rpc::Answer> answer = co_await send(std::move(method), std::move(params));
    tally.seconds.observe(seconds_since(began));
    if (answer.has_error())
        ++tally.unanswered;
    else if (answer->failure)
        ++tally.refused;
    co_return answer;
}

Task<Result<rpc::Answer>> RpcClient::send(std::string method, boost::json::array params) {
    const std::uint64_t id = next_id_++;
    const std::string what = describe(method);
    http::ClientRequest request;
    request.method = "POST";
    request.url = endpoint_.url;
    request.headers = {{"content-type", "application/json"}, {"accept", "application/json"}};
    if (!endpoint_.authorization.empty()) request.headers["authorization"] = endpoint_.authorization;
    request.body = rpc::request_text(id, method, params);
    request.timeout = timeout_;
    request.response_bytes_max = rpc::answer_bytes_max;
    const Result<http::ClientResponse> response = co_await http::request(std::move(request));
    if (response.has_error()) co_return in_context(what, response.error());
    if (const auto asked = http::retry_after(*response))
        quiet_until_ = system_clock().monotonic() + std::min(*asked, quiet_max);
    co_return read_response(endpoint_, what, id, *response);
}

Task<Result<boost::json::value>> RpcClient::call(std::string method, boost::json::array params) {
    const std::string what = describe(method);
    Result<rpc::Answer> answer = co_await exchange(std::move(method), std::move(params));
    if (answer.has_error()) co_return answer.error();
    if (answer->failure) co_return rpc::to_error(what, *answer->failure);
    co_return std::move(answer->result);
}

}  // namespace emeth::chain
