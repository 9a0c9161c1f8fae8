// The connection behind WebSocket: a client's (plain or TLS) or a server's. Not for users of the library.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <string>
#include <variant>

#include "http/connection.hpp"

namespace emeth::http {

using PlainWebSocket = beast::websocket::stream<PlainStream>;
using TlsWebSocket = beast::websocket::stream<TlsStream>;

struct WebSocket::Impl {
    explicit Impl(std::variant<PlainWebSocket, TlsWebSocket> connected, std::string other);

    Tcp::socket& socket();

    std::variant<PlainWebSocket, TlsWebSocket> stream;
    beast::flat_buffer buffer;
    std::string peer;  // IP
};

/// Limits and keep-alive for either side; must be set before the handshake.
template <class Stream>
void configure(beast::websocket::stream<Stream>& stream) {
    beast::websocket::stream_base::timeout timeout;
    timeout.handshake_timeout = Milliseconds{10'000};
    timeout.idle_timeout = Milliseconds{30'000};
    timeout.keep_alive_pings = true;
    stream.set_option(timeout);
    stream.read_message_max(WebSocket::message_bytes_max);
    stream.text(true);
    beast::get_lowest_layer(stream).expires_never();  // the WebSocket layer has its own timeouts
}

}  // namespace emeth::http
