#include <fmt/format.h>
#include <openssl/ssl.h>

#include <boost/beast/core/buffers_to_string.hpp>
#include <stdexcept>
#include <string_view>

#include "http/host_header.hpp"
#include "http/websocket_impl.hpp"
#include "runtime/with_timeout.hpp"

namespace emeth::http {
namespace {

template <class Stream>
Task<Result<WebSocket>> greet(Stream stream, Url url) {
    beast::websocket::stream<Stream> socket(std::move(stream));
    configure(socket);
    error_code error;
    const std::string peer = beast::get_lowest_layer(socket).socket().remote_endpoint(error).address().to_string();
    const std::string host = host_header(url);
    if (!error) {
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        const CloseOnCancel guard(state, beast::get_lowest_layer(socket).socket());
        auto greeting = socket.async_handshake(host, url.target, io_token());
        std::tie(error) = co_await std::move(greeting);
        guard.throw_if_cancelled();
    }
    if (error) co_return io_error(url.origin(), error);
    co_return WebSocket(std::make_unique<WebSocket::Impl>(std::move(socket), peer));
}

Task<Result<WebSocket>> open(Url url, Milliseconds timeout) {
    auto opening = open_stream(url, timeout);
    auto stream = co_await std::move(opening);
    if (stream.has_error()) co_return stream.error();
    auto greeting = std::visit([&](auto& connected) { return greet(std::move(connected), url); }, *stream);
    co_return co_await std::move(greeting);
}

}  // namespace

WebSocket::Impl::Impl(std::variant<PlainWebSocket, TlsWebSocket> connected, std::string other)
    : stream(std::move(connected)), peer(std::move(other)) {}

Tcp::socket& WebSocket::Impl::socket() {
    return std::visit([](auto& connected) -> Tcp::socket& { return beast::get_lowest_layer(connected).socket(); },
                      stream);
}

WebSocket::WebSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebSocket::WebSocket(WebSocket&&) noexcept = default;
WebSocket& WebSocket::operator=(WebSocket&&) noexcept = default;
WebSocket::~WebSocket() = default;

Task<Result<WebSocket>> WebSocket::connect(Url url, Milliseconds timeout) {
    std::string what = fmt::format("connecting to {}", url.origin());
    auto bounded = with_timeout(open(std::move(url), timeout), timeout, std::move(what));
    co_return co_await std::move(bounded);
}

Task<Result<std::string>> WebSocket::receive() {
    Impl* impl = impl_.get();
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, impl->socket());
    auto reading = std::visit(
        [&](auto& stream) -> Task<std::tuple<error_code, std::size_t>> {
            return stream.async_read(impl->buffer, io_token());
        },
        impl->stream);
    const auto [error, bytes] = co_await std::move(reading);
    guard.throw_if_cancelled();
    if (error) co_return io_error(impl->peer, error);
    std::string message = beast::buffers_to_string(impl->buffer.data());
    impl->buffer.consume(impl->buffer.size());
    co_return message;
}

Task<Result<void>> WebSocket::send(std::string message) {
    Impl* impl = impl_.get();
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, impl->socket());
    auto writing = std::visit(
        [&](auto& stream) -> Task<std::tuple<error_code, std::size_t>> {
            return stream.async_write(asio::buffer(message), io_token());
        },
        impl->stream);
    const auto [error, bytes] = co_await std::move(writing);
    guard.throw_if_cancelled();
    if (error) co_return io_error(impl->peer, error);
    co_return Result<void>{};
}

void WebSocket::abort() {
    error_code ignored;
    impl_->socket().close(ignored);
}

std::string WebSocket::peer_address() const {
    return impl_->peer;
}

std::optional<Hash256> WebSocket::channel_binding() const {
    constexpr std::string_view label = "EXPORTER-Channel-Binding";
    auto* tls = std::get_if<TlsWebSocket>(&impl_->stream);
    if (tls == nullptr) return std::nullopt;
    Hash256 binding;
    SSL* const session = tls->next_layer().native_handle();
    if (SSL_export_keying_material(session, binding.bytes.data(), binding.bytes.size(), label.data(), label.size(),
                                   nullptr, 0, 1) != 1)
        throw std::runtime_error("OpenSSL exports nothing of an established TLS connection");
    return binding;
}

}  // namespace emeth::http
