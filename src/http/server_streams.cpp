#include <boost/asio/write.hpp>

#include "http/event_stream_impl.hpp"
#include "http/server_connection.hpp"
#include "http/websocket_impl.hpp"
#include "runtime/clock.hpp"

namespace emeth::http {
namespace {

/// From where `caller` listens, as the listeners are counted.
EventListeners::From listening_place(const ConnectionLimits& limits, const std::string& caller) {
    const auto address = parse_ip(caller);
    if (!address) return caller;
    if (limits.is_own(*address)) return std::nullopt;
    return PeerKey(*address).text();
}

}  // namespace

template <class Stream>
Task<> ServerConnection::serve_websocket_over(Stream stream) {
    beast::websocket::stream<Stream> socket(std::move(stream));
    configure(socket);
    {
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        const CloseOnCancel guard(state, beast::get_lowest_layer(socket).socket());
        auto accepting = socket.async_accept(parser_->get(), io_token());
        const auto [error] = co_await std::move(accepting);
        guard.throw_if_cancelled();
        throw_if(error);
    }
    place_.gives_way_from(system_clock().monotonic() + server_->options.websocket_patience);
    request_.keep_place = place_.keeper();
    WebSocket connected(std::make_unique<WebSocket::Impl>(std::move(socket), request_.peer_address));
    auto talking = route_->websocket(std::move(connected), request_);
    co_await std::move(talking);
}

Task<> ServerConnection::serve_websocket() {
    auto stream = std::move(stream_).release();
    auto serving = std::visit([this](auto& released) { return serve_websocket_over(std::move(released)); }, stream);
    co_await std::move(serving);
}

std::optional<ServerResponse> ServerConnection::why_no_events() const {
    const EventsRoute& events = *route_->events;
    if (request_.method != "GET") return refused(405, "events are served to GET alone");
    if (events.options.admission) {
        const OrRefusal<void> admitted = events.options.admission(request_);
        if (admitted.has_error()) return to_response(admitted.error());
    }
    const auto why_not = events.listeners->why_not(listening_place(server_->limits, request_.peer_address));
    if (!why_not) return std::nullopt;
    ServerResponse busy = refused(503, *why_not);
    busy.headers["retry-after"] = "10";
    return busy;
}

/// The answer has no length: it ends with the connection.
Task<> ServerConnection::serve_events() {
    const EventsRoute& events = *route_->events;
    const EventListeners::Place listener(*events.listeners, listening_place(server_->limits, request_.peer_address));
    constexpr std::string_view head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n";
    {
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        const CloseOnCancel guard(state, stream_.socket());
        stream_.expires_after(server_->options.idle_timeout);
        auto writing = asio::async_write(stream_, asio::buffer(head), io_token());
        const auto [error, bytes] = co_await std::move(writing);
        guard.throw_if_cancelled();
        throw_if(error);
    }
    EventStream stream(std::make_unique<EventStream::Impl>(stream_, events.options.patience));
    auto telling = events.handler(std::move(stream), request_);
    co_await std::move(telling);
    auto parting = stream_.say_goodbye();
    co_await std::move(parting);
}

}  // namespace emeth::http
