#include "http/server_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/write.hpp>
#include <string_view>

namespace emeth::http {
namespace {

constexpr Milliseconds goodbye_time_max{2'000};
constexpr std::string_view plain_answer =
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
    "46\r\n\r\n"
    "{\"error\":\"this port speaks TLS: ask https://\"}";

}  // namespace

ServerStream::ServerStream(Tcp::socket socket, std::shared_ptr<asio::ssl::context> tls)
    : tls_(std::move(tls)), stream_(make(std::move(socket), tls_.get())) {}

std::variant<PlainStream, TlsStream> ServerStream::make(Tcp::socket socket, asio::ssl::context* tls) {
    PlainStream plain(std::move(socket));
    if (tls == nullptr) return plain;
    return TlsStream(std::move(plain), *tls);
}

PlainStream& ServerStream::plain() {
    return std::visit([](auto& stream) -> PlainStream& { return beast::get_lowest_layer(stream); }, stream_);
}

Task<error_code> ServerStream::shake_hands() {
    TlsStream* tls = std::get_if<TlsStream>(&stream_);
    if (tls == nullptr) co_return error_code();
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, socket());
    auto greeting = tls->async_handshake(asio::ssl::stream_base::server, io_token());
    const auto [error] = co_await std::move(greeting);
    guard.throw_if_cancelled();
    const bool is_http = error.category() == asio::error::get_ssl_category() &&
                         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST;
    if (is_http) {
        auto answering = asio::async_write(plain(), asio::buffer(plain_answer), io_token());
        co_await std::move(answering);
        guard.throw_if_cancelled();
    }
    co_return error;
}

Task<> ServerStream::say_goodbye() {
    TlsStream* tls = std::get_if<TlsStream>(&stream_);
    if (tls == nullptr) co_return;
    expires_after(goodbye_time_max);
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, socket());
    // Ours alone: the peer's own goodbye is not waited for.
    SSL_set_shutdown(tls->native_handle(), SSL_RECEIVED_SHUTDOWN);
    auto ending = tls->async_shutdown(io_token());
    co_await std::move(ending);
    guard.throw_if_cancelled();
}

}  // namespace emeth::http
