#include <fmt/format.h>

#include <boost/beast/websocket/rfc6455.hpp>

#include "http/forwarded.hpp"
#include "http/header_fields.hpp"
#include "http/request_head.hpp"
#include "http/server_connection.hpp"
#include "runtime/clock.hpp"

namespace emeth::http {
namespace {

namespace http = beast::http;

constexpr std::size_t received_at_once_bytes = 4 << 10;

}  // namespace

/// Until the head is complete, the connection gives nobody work, and gives way to others.
Task<std::optional<ServerResponse>> ServerConnection::read_header() {
    const ServerOptions& options = server_->options;
    const Milliseconds time_max = std::min(options.idle_timeout, options.header_time_max);
    const Milliseconds start = system_clock().monotonic();
    bool has_begun = buffer_.size() > 0;
    Milliseconds deadline = start + (has_begun ? time_max : options.idle_timeout);
    place_.gives_way_from(start);
    std::optional<std::size_t> bytes = head_bytes(received());
    while (!bytes && buffer_.size() < header_bytes_max) {
        auto receiving = receive(deadline);
        co_await std::move(receiving);
        if (!has_begun) deadline = system_clock().monotonic() + time_max;
        has_begun = true;
        bytes = head_bytes(received());
    }
    place_.stays();
    if (!bytes || *bytes > header_bytes_max)
        co_return refused(431, fmt::format("the header is longer than {} bytes", header_bytes_max));
    const OrRefusal<void> checked = check_request_head(received().substr(0, *bytes));
    if (checked.has_error()) co_return to_response(checked.error());
    error_code error;
    buffer_.consume(parser_->put(asio::buffer(buffer_.data(), *bytes), error));
    if (error) co_return refused(400, fmt::format("the request is malformed: {}", error.message()));
    if (const auto announced = parser_->content_length()) unread_ = *announced;
    co_return std::nullopt;
}

/// At least one byte more in buffer_.
Task<> ServerConnection::receive(Milliseconds deadline) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, stream_.socket());
    expires_at(deadline);
    auto reading = stream_.async_read_some(buffer_.prepare(received_at_once_bytes), io_token());
    const auto [error, bytes] = co_await std::move(reading);
    guard.throw_if_cancelled();
    if (buffer_.size() > 0) note_if_slow(error, "a request's header came too slowly");
    throw_if(error);
    buffer_.commit(bytes);
}

/// Fills request_ and route_, or refuses the request.
std::optional<ServerResponse> ServerConnection::find_route() {
    const auto& header = parser_->get();
    Result<Target> target = Target::parse({header.target().data(), header.target().size()});
    if (target.has_error()) return refused(400, target.error().message);
    request_.method = std::string(header.method_string());
    request_.path = target->path();
    request_.headers = to_headers(header);
    Caller caller = caller_of(place_.peer(), request_.headers, server_->options.trusted_proxies);
    request_.peer_address = std::move(caller.address);
    request_.through_unnamed_proxy = caller.through_unnamed_proxy;

    Router::Match match = server_->router.match(request_.method, *target);
    request_.query = std::move(target->query);
    if (match.route == nullptr && match.allowed.empty()) return refused(404, "there is nothing at this path");
    if (match.route == nullptr) {
        ServerResponse response = refused(405, fmt::format("{} is not served at this path", request_.method));
        response.headers["allow"] = match.allowed;
        return response;
    }
    request_.captures = std::move(match.captures);
    route_ = match.route;
    if (!route_->websocket) return std::nullopt;
    if (request_.headers.contains("origin")) return refused(403, "pages in a browser may not open this WebSocket");
    // Bytes that arrived before the handshake was answered would be lost when the protocol is switched.
    if (beast::websocket::is_upgrade(header) && buffer_.size() == 0) return std::nullopt;
    ServerResponse response = refused(426, "this path serves WebSockets");
    response.headers["upgrade"] = "websocket";
    return response;
}

}  // namespace emeth::http
