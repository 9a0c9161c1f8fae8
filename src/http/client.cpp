#include "http/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>

#include "http/connection.hpp"
#include "http/header_fields.hpp"
#include "http/redirect.hpp"
#include "runtime/parse_number.hpp"
#include "runtime/utf8.hpp"
#include "runtime/with_timeout.hpp"

namespace emeth::http {
namespace {

constexpr std::size_t response_piece_bytes = 64 << 10;
constexpr std::size_t shown_bytes_max = 200;

bool is_idempotent(const std::string& method) {
    return method == "GET" || method == "HEAD" || method == "PUT";
}

Task<Result<std::string>> read_body(Connection* connection, std::string origin, std::uint64_t bytes_max) {
    const Error too_long = transient_error(fmt::format("{}: the answer is longer than {} bytes", origin, bytes_max));
    if (connection->body_bytes().value_or(0) > bytes_max) co_return too_long;
    std::string body;
    std::vector<char> piece(response_piece_bytes);
    for (bool last = false; !last;) {
        auto reading = connection->read_body(piece);
        const Connection::Piece read = co_await std::move(reading);
        if (read.error) co_return io_error(origin, read.error);
        if (body.size() + read.bytes > bytes_max) co_return too_long;
        body.append(piece.data(), read.bytes);
        last = read.last;
    }
    co_return body;
}

/// The outcome of one attempt. `unanswered`: it failed before any byte of an answer arrived, as
/// happens on a stale connection.
struct Attempt {
    Result<ClientResponse> outcome;
    bool unanswered = false;
};

Task<Attempt> attempt(Connection* connection, const ClientRequest* request) {
    const std::string origin = request->url.origin();
    connection->limit(request->timeout);
    connection->begin(request->method, request->url, request->headers, request->body.size());
    auto writing = connection->write(request->body, false);
    const error_code not_written = co_await std::move(writing);
    // A server that refuses a body early may answer even though it has stopped reading.
    auto reading = connection->read_header();
    error_code error = co_await std::move(reading);
    if (error) co_return Attempt{io_error(origin, not_written ? not_written : error), true};

    ClientResponse response;
    response.status = connection->header().result_int();
    response.headers = to_headers(connection->header());
    if (const Result<void> plain = check_encoding(origin, response.headers); plain.has_error())
        co_return Attempt{plain.error()};
    auto body_reading = read_body(connection, origin, request->response_bytes_max);
    Result<std::string> body = co_await std::move(body_reading);
    if (body.has_error()) co_return Attempt{body.error()};
    response.body = std::move(*body);
    co_return Attempt{std::move(response)};
}

Task<Result<ClientResponse>> exchange(ClientRequest request) {
    IdleConnections& idle = IdleConnections::of(co_await asio::this_coro::executor);
    const std::string origin = request.url.origin();
    std::unique_ptr<Connection> connection = idle.take(origin);
    if (connection != nullptr) {
        auto trying = attempt(connection.get(), &request);
        Attempt first = co_await std::move(trying);
        if (first.outcome.has_value()) idle.put(origin, std::move(connection));
        const bool is_stale = first.unanswered && is_idempotent(request.method);
        if (!is_stale) co_return std::move(first.outcome);
    }
    auto opening = open_stream(request.url, request.timeout);
    auto stream = co_await std::move(opening);
    if (stream.has_error()) co_return stream.error();
    connection = std::make_unique<Connection>(std::move(*stream));
    auto trying = attempt(connection.get(), &request);
    Attempt only = co_await std::move(trying);
    if (only.outcome.has_value()) idle.put(origin, std::move(connection));
    co_return std::move(only.outcome);
}

Task<Result<ClientResponse>> follow(ClientRequest request) {
    const bool carries_credentials = !request.body.empty() || request.headers.contains("authorization");
    for (int followed = 0; followed <= redirects_max; ++followed) {
        auto asking = exchange(request);
        Result<ClientResponse> response = co_await std::move(asking);
        if (response.has_error()) co_return response;
        Result<std::optional<Url>> next =
            redirection(request.url, response->status, response->headers, carries_credentials);
        if (next.has_error()) co_return next.error();
        if (!*next) co_return response;
        request.url = std::move(**next);
    }
    co_return too_many_redirects(request.url);
}

}  // namespace

Task<Result<ClientResponse>> request(ClientRequest request) {
    if (!request.url.scheme.starts_with("http"))
        co_return permanent_error(
            fmt::format("{} cannot be asked over HTTP: its scheme is neither http nor https", request.url.origin()));
    const Milliseconds timeout = request.timeout;
    std::string what = fmt::format("{} {}", request.method, request.url.origin());
    auto bounded = with_timeout(follow(std::move(request)), timeout, std::move(what));
    co_return co_await std::move(bounded);
}

Error status_error(std::string_view what, const ClientResponse& response) {
    const auto reason = beast::http::obsolete_reason(static_cast<beast::http::status>(response.status));
    std::string excerpt = response.body.substr(0, shown_bytes_max);
    std::ranges::replace_if(excerpt, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    const std::string message =
        fmt::format("{} answered {} {}: {}", what, response.status, std::string_view(reason.data(), reason.size()),
                    one_line(excerpt, shown_bytes_max));
    const unsigned status = response.status;
    if (status == 429 || status >= 500) return service_error(message);
    const bool may_pass = status == 408 || status == 425;
    return may_pass ? transient_error(message) : permanent_error(message);
}

std::optional<Milliseconds> retry_after(const ClientResponse& response) {
    const auto header = response.headers.find("retry-after");
    if ((response.status != 429 && response.status != 503) || header == response.headers.end()) return std::nullopt;
    const auto seconds = parse_number<std::uint32_t>(header->second);
    if (!seconds) return std::nullopt;
    return Milliseconds(std::int64_t{1'000} * *seconds);
}

}  // namespace emeth::http
