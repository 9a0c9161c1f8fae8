#include "http/connection.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <cerrno>

#include "http/file_pieces.hpp"
#include "http/host_header.hpp"
#include "http/tls.hpp"
#include "runtime/utf8.hpp"
#include "runtime/with_timeout.hpp"

namespace emeth::http {
namespace {

namespace http = beast::http;
namespace ssl = asio::ssl;

constexpr std::uint32_t response_header_bytes_max = 32 << 10;
constexpr std::size_t endpoints_max = 8;
constexpr std::size_t idle_per_origin_max = 16;
constexpr std::size_t idle_origins_max = 32;
constexpr int interim_answers_max = 8;
constexpr std::size_t encoding_shown_max = 40;
constexpr Milliseconds idle_time_max{4'000};  // servers close idle connections after 5 s and more

using Endpoints = std::vector<Tcp::endpoint>;
using ResolveChannel = asio::experimental::channel<void(error_code, Endpoints)>;

/// getaddrinfo cannot be interrupted, so its answer goes to a channel that the waiter may abandon.
struct Resolution {
    explicit Resolution(const asio::any_io_executor& executor) : resolver(executor), answer(executor, 1) {}
    Tcp::resolver resolver;
    ResolveChannel answer;
};

Task<Result<Endpoints>> resolve(Url url) {
    error_code not_literal;
    const asio::ip::address literal = asio::ip::make_address(url.host, not_literal);
    if (!not_literal) co_return Endpoints{Tcp::endpoint(literal, url.port)};

    const auto resolution = std::make_shared<Resolution>(co_await asio::this_coro::executor);
    resolution->resolver.async_resolve(url.host, std::to_string(url.port),
                                       [resolution](error_code error, const Tcp::resolver::results_type& results) {
                                           Endpoints endpoints;
                                           for (const auto& entry : results)
                                               if (endpoints.size() < endpoints_max)
                                                   endpoints.push_back(entry.endpoint());
                                           resolution->answer.try_send(error, std::move(endpoints));
                                       });
    auto receive = resolution->answer.async_receive(asio::as_tuple(asio::use_awaitable));
    auto [error, endpoints] = co_await std::move(receive);
    if (error) co_return io_error(url.origin(), error);
    co_return std::move(endpoints);
}

Task<error_code> handshake(TlsStream* stream, std::string host) {
    stream->set_verify_callback(ssl::host_name_verification(host));
    if (SSL_set_tlsext_host_name(stream->native_handle(), host.c_str()) != 1)
        co_return error_code(static_cast<int>(::ERR_get_error()), asio::error::get_ssl_category());
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, beast::get_lowest_layer(*stream).socket());
    auto work = stream->async_handshake(ssl::stream_base::client, io_token());
    const auto [error] = co_await std::move(work);
    guard.throw_if_cancelled();
    co_return error;
}

}  // namespace

Error io_error(std::string_view origin, error_code error) {
    if (error == asio::error::operation_aborted)
        return transient_error(fmt::format("{}: the connection was closed", origin));
    if (error == beast::error::timeout) return transient_error(fmt::format("{}: no answer in time", origin));
    return transient_error(fmt::format("{}: {}", origin, error.message()));
}

/// Each address gets an equal share of the time that is left, so that one that does not answer leaves some to the
/// others.
Task<error_code> connect_in_turn(PlainStream* stream, std::vector<Tcp::endpoint> endpoints, Milliseconds timeout) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const Milliseconds end = system_clock().monotonic() + timeout;
    error_code error = asio::error::host_not_found;
    for (std::size_t tried = 0; tried < endpoints.size(); ++tried) {
        const Tcp::endpoint& endpoint = endpoints[tried];
        const Milliseconds left = end - system_clock().monotonic();
        if (left <= Milliseconds::zero()) break;
        stream->socket().open(endpoint.protocol(), error);
        if (error) continue;
        stream->expires_after(left / static_cast<std::int64_t>(endpoints.size() - tried));
        close_on_exec(stream->socket().native_handle());
        const CloseOnCancel guard(state, stream->socket());
        auto attempt = stream->async_connect(endpoint, io_token());
        std::tie(error) = co_await std::move(attempt);
        guard.throw_if_cancelled();
        if (!error) break;
        stream->close();
    }
    if (!error) stream->socket().set_option(Tcp::no_delay(true), error);
    if (!error) stream->expires_after(std::max(Milliseconds(1), end - system_clock().monotonic()));
    co_return error;
}

Result<void> check_encoding(const std::string& origin, const Headers& headers) {
    const auto encoding = headers.find("content-encoding");
    if (encoding == headers.end() || encoding->second.empty() || encoding->second == "identity") return {};
    return transient_error(fmt::format("{} answers in the content encoding {}, which was not asked for", origin,
                                       one_line(encoding->second, encoding_shown_max)));
}

Task<Result<std::variant<PlainStream, TlsStream>>> open_stream(Url url, Milliseconds timeout) {
    const std::string origin = url.origin();
    auto resolving = with_timeout(resolve(url), timeout, "looking up " + url.host);
    Result<Endpoints> endpoints = co_await std::move(resolving);
    if (endpoints.has_error()) co_return endpoints.error();

    PlainStream plain(co_await asio::this_coro::executor);
    auto connecting = connect_in_turn(&plain, std::move(*endpoints), timeout);
    if (const error_code error = co_await std::move(connecting)) co_return io_error(origin, error);
    if (url.scheme == "http" || url.scheme == "ws") co_return std::variant<PlainStream, TlsStream>(std::move(plain));

    TlsStream tls(std::move(plain), client_tls());
    auto greeting = handshake(&tls, url.host);
    if (const error_code error = co_await std::move(greeting)) co_return io_error(origin, error);
    co_return std::variant<PlainStream, TlsStream>(std::move(tls));
}

PlainStream& Connection::socket_stream() {
    return std::visit([](auto& stream) -> PlainStream& { return beast::get_lowest_layer(stream); }, stream_);
}

void Connection::limit(std::optional<Milliseconds> time) {
    if (time)
        socket_stream().expires_after(*time);
    else
        socket_stream().expires_never();
}

void Connection::expect_answer() {
    parser_.emplace();
    parser_->header_limit(response_header_bytes_max);
    parser_->body_limit(boost::none);  // the reader of the body does the counting
    parser_->skip(is_head_);
}

void Connection::begin(const std::string& method, const Url& url, const Headers& headers, std::uint64_t body_bytes) {
    is_head_ = method == "HEAD";
    expect_answer();
    request_.emplace();
    request_->method_string(method);
    request_->target(url.target);
    request_->set(http::field::host, host_header(url));
    request_->set(http::field::user_agent, "emeth");
    request_->set(http::field::accept_encoding, "identity");
    for (const auto& [name, value] : headers) request_->set(name, value);
    if (body_bytes > 0 || method == "POST" || method == "PUT") request_->content_length(body_bytes);
    serializer_.emplace(*request_);
}

Task<error_code> Connection::write(std::string_view piece, bool more) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, socket_stream().socket());
    http::buffer_body::value_type& body = request_->body();
    body.data = piece.empty()
                    ? nullptr
                    : const_cast<char*>(piece.data());  // Beast's type serves reading, too; it is not written to
    body.size = piece.size();
    body.more = more;
    auto work = std::visit(
        [&](auto& stream) -> Task<std::tuple<error_code, std::size_t>> {
            return http::async_write(stream, *serializer_, io_token());
        },
        stream_);
    const auto [error, bytes] = co_await std::move(work);
    guard.throw_if_cancelled();
    co_return error == http::error::need_buffer ? error_code{} : error;
}

Task<error_code> Connection::read_header() {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, socket_stream().socket());
    for (int interim = 0; interim <= interim_answers_max; ++interim) {
        auto work = std::visit(
            [&](auto& stream) -> Task<std::tuple<error_code, std::size_t>> {
                return http::async_read_header(stream, buffer_, *parser_, io_token());
            },
            stream_);
        const auto [error, bytes] = co_await std::move(work);
        guard.throw_if_cancelled();
        if (error || header().result_int() / 100 != 1) co_return error;
        expect_answer();
    }
    co_return error_code(http::error::bad_status);
}

std::optional<std::uint64_t> Connection::body_bytes() const {
    if (is_head_) return 0;
    const boost::optional<std::uint64_t> length = parser_->content_length();
    return length ? std::optional(*length) : std::nullopt;
}

Task<Connection::Piece> Connection::read_body(std::span<char> into) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, socket_stream().socket());
    http::buffer_body::value_type& body = parser_->get().body();
    buffer_.reserve(receive_buffer_bytes);
    std::size_t received = 0;
    while (received == 0 && !parser_->is_done()) {
        body.data = into.data();
        body.size = into.size();
        body.more = true;
        auto work = std::visit(
            [&](auto& stream) -> Task<std::tuple<error_code, std::size_t>> {
                return http::async_read_some(stream, buffer_, *parser_, io_token());
            },
            stream_);
        const auto [error, bytes] = co_await std::move(work);
        guard.throw_if_cancelled();
        received = into.size() - body.size;
        if (error && error != http::error::need_buffer) co_return Piece{error, received, false};
    }
    co_return Piece{{}, received, parser_->is_done()};
}

bool Connection::reusable() const {
    return parser_ && parser_->is_done() && parser_->keep_alive() && buffer_.size() == 0;
}

bool Connection::still_open() {
    char byte = 0;
    const ssize_t count = ::recv(socket_stream().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

IdleConnections& IdleConnections::of(const asio::any_io_executor& executor) {
    return asio::use_service<IdleConnections>(asio::query(executor, asio::execution::context));
}

std::unique_ptr<Connection> IdleConnections::take(const std::string& origin) {
    const auto found = by_origin_.find(origin);
    if (found == by_origin_.end()) return nullptr;
    std::deque<Idle> idle = std::move(found->second);
    by_origin_.erase(found);
    const Milliseconds now = system_clock().monotonic();
    std::erase_if(
        idle, [&](const Idle& entry) { return now - entry.since > idle_time_max || !entry.connection->still_open(); });
    if (idle.empty()) return nullptr;
    std::unique_ptr<Connection> newest = std::move(idle.back().connection);
    idle.pop_back();
    if (!idle.empty()) by_origin_.emplace(origin, std::move(idle));
    return newest;
}

void IdleConnections::put(const std::string& origin, std::unique_ptr<Connection> connection) {
    if (!connection->reusable()) return;
    if (by_origin_.size() >= idle_origins_max && !by_origin_.contains(origin)) by_origin_.clear();
    std::deque<Idle>& idle = by_origin_[origin];
    if (idle.size() >= idle_per_origin_max) idle.pop_front();
    connection->limit(std::nullopt);
    idle.push_back({std::move(connection), system_clock().monotonic()});
}

}  // namespace emeth::http
