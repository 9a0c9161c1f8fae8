#include <fmt/format.h>

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <vector>

#include "http/answer_writer.hpp"
#include "http/event_stream_impl.hpp"
#include "http/file_pieces.hpp"
#include "http/header_fields.hpp"
#include "http/request_head.hpp"
#include "http/server_impl.hpp"
#include "http/server_stream.hpp"
#include "http/tls.hpp"
#include "http/websocket_impl.hpp"
#include "runtime/cancellation.hpp"
#include "runtime/log.hpp"

namespace emeth::http {
namespace {

namespace http = beast::http;

constexpr std::size_t received_at_once_bytes = 4 << 10;
constexpr std::size_t text_piece_bytes = 16 << 10;
constexpr std::uint64_t drained_bytes_max = 16 << 20;
constexpr Milliseconds drain_time_max{2'000};
constexpr unsigned incoming_names_tried = 1'000;

/// Throws to end this connection only.
void throw_if(error_code error) {
    if (error) throw boost::system::system_error(error);
}

ServerResponse refused(unsigned status, std::string message) {
    return to_response(Refusal(status, std::move(message)));
}

ServerResponse too_long(std::uint64_t bytes_max) {
    return refused(413, fmt::format("the body is longer than {} bytes", bytes_max));
}

/// Counts whoever is there for as long as it lives.
class CountedIn {
public:
    explicit CountedIn(std::size_t& count) : count_(count) { ++count_; }
    CountedIn(const CountedIn&) = delete;
    CountedIn& operator=(const CountedIn&) = delete;
    ~CountedIn() { --count_; }

private:
    std::size_t& count_;
};

/// One connection; a failure of its socket is thrown as boost::system::system_error.
class ServerConnection {
public:
    ServerConnection(std::shared_ptr<Server::Impl> server, Tcp::socket socket)
        : server_(std::move(server)),
          stream_(std::move(socket), server_->options.certificate ? server_->options.certificate->context() : nullptr),
          piece_(text_piece_bytes) {}

    /// Serves requests until the connection is over.
    Task<> serve();

private:
    using Parser = http::request_parser<http::buffer_body>;

    /// False once the connection is over.
    Task<bool> serve_one();
    Task<std::optional<ServerResponse>> read_header();
    Task<> receive();
    [[nodiscard]] std::string_view received() const {
        const auto bytes = buffer_.data();
        return {static_cast<const char*>(bytes.data()), bytes.size()};
    }
    std::optional<ServerResponse> find_route();
    Task<std::optional<ServerResponse>> read_body();
    Task<std::optional<ServerResponse>> read_text();
    Task<std::optional<ServerResponse>> read_file();
    Task<std::string_view> read_piece();
    Result<OutputFile> create_incoming(std::filesystem::path& path);
    Task<ServerResponse> handle();
    Task<> answer(ServerResponse response);
    Task<> drain();
    Task<> serve_websocket();
    template <class Stream>
    Task<> serve_websocket_over(Stream stream);
    std::optional<ServerResponse> why_no_events() const;
    Task<> serve_events();

    std::shared_ptr<Server::Impl> server_;
    ServerStream stream_;
    beast::flat_buffer buffer_;
    std::vector<char> piece_;
    std::optional<Parser> parser_;
    ServerRequest request_;
    std::optional<RemoveAtEnd>
        incoming_;  // the file of request_, removed after the handler and if the connection fails
    const Route* route_ = nullptr;
};

Task<> ServerConnection::serve() {
    stream_.expires_after(server_->options.idle_timeout);
    auto greeting = stream_.shake_hands();
    throw_if(co_await std::move(greeting));
    for (bool goes_on = true; goes_on;) {
        auto serving = serve_one();
        goes_on = co_await std::move(serving);
    }
}

Task<bool> ServerConnection::serve_one() {
    parser_.emplace();
    parser_->header_limit(header_bytes_max + 1);  // read_header counts
    parser_->body_limit(boost::none);             // read_text and read_file count
    request_ = {};
    route_ = nullptr;

    auto header_reading = read_header();
    std::optional<ServerResponse> response = co_await std::move(header_reading);
    if (!response) response = find_route();
    if (!response && route_->events) response = why_no_events();
    if (!response && (route_->websocket || route_->events)) {
        auto talking = route_->websocket ? serve_websocket() : serve_events();
        co_await std::move(talking);
        co_return false;
    }
    if (!response) {
        auto body_reading = read_body();
        response = co_await std::move(body_reading);
    }
    if (!response) {
        auto handling = handle();
        response = co_await std::move(handling);
    }
    const bool is_read = parser_->is_done();
    incoming_.reset();
    auto answering = answer(std::move(*response));
    co_await std::move(answering);
    if (is_read && parser_->keep_alive()) co_return true;
    auto ending = is_read ? stream_.say_goodbye() : drain();
    co_await std::move(ending);
    co_return false;
}

Task<std::optional<ServerResponse>> ServerConnection::read_header() {
    stream_.expires_after(server_->options.idle_timeout);
    std::optional<std::size_t> bytes = head_bytes(received());
    while (!bytes && buffer_.size() < header_bytes_max) {
        auto receiving = receive();
        co_await std::move(receiving);
        bytes = head_bytes(received());
    }
    if (!bytes || *bytes > header_bytes_max)
        co_return refused(431, fmt::format("the header is longer than {} bytes", header_bytes_max));
    const OrRefusal<void> checked = check_request_head(received().substr(0, *bytes));
    if (checked.has_error()) co_return to_response(checked.error());
    error_code error;
    buffer_.consume(parser_->put(asio::buffer(buffer_.data(), *bytes), error));
    if (error) co_return refused(400, fmt::format("the request is malformed: {}", error.message()));
    co_return std::nullopt;
}

/// At least one byte more in buffer_.
Task<> ServerConnection::receive() {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, stream_.socket());
    auto reading = stream_.async_read_some(buffer_.prepare(received_at_once_bytes), io_token());
    const auto [error, bytes] = co_await std::move(reading);
    guard.throw_if_cancelled();
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
    error_code unknown;
    request_.peer_address = stream_.socket().remote_endpoint(unknown).address().to_string();

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

Task<std::optional<ServerResponse>> ServerConnection::read_body() {
    const boost::optional<std::uint64_t> announced = parser_->content_length();
    if (announced && *announced > route_->body_bytes_max) co_return too_long(route_->body_bytes_max);
    if (route_->file && route_->file->admission) {
        const OrRefusal<void> admitted = route_->file->admission(request_);
        if (admitted.has_error()) co_return to_response(admitted.error());
    }
    if (!parser_->is_done() && beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        const CloseOnCancel guard(state, stream_.socket());
        stream_.expires_after(server_->options.idle_timeout);
        constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        auto writing = asio::async_write(stream_, asio::buffer(go_on), io_token());
        const auto [error, bytes] = co_await std::move(writing);
        guard.throw_if_cancelled();
        throw_if(error);
    }
    auto reading = route_->file ? read_file() : read_text();
    co_return co_await std::move(reading);
}

/// Empty only at the end of the body.
Task<std::string_view> ServerConnection::read_piece() {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, stream_.socket());
    http::buffer_body::value_type& body = parser_->get().body();
    std::size_t received = 0;
    while (received == 0 && !parser_->is_done()) {
        body.data = piece_.data();
        body.size = piece_.size();
        body.more = true;
        stream_.expires_after(server_->options.idle_timeout);
        auto reading = http::async_read_some(stream_, buffer_, *parser_, io_token());
        const auto [error, bytes] = co_await std::move(reading);
        guard.throw_if_cancelled();
        if (error != http::error::need_buffer) throw_if(error);
        received = piece_.size() - body.size;
    }
    co_return std::string_view(piece_.data(), received);
}

Task<std::optional<ServerResponse>> ServerConnection::read_text() {
    while (!parser_->is_done()) {
        auto reading = read_piece();
        const std::string_view piece = co_await std::move(reading);
        if (request_.body.size() + piece.size() > route_->body_bytes_max) co_return too_long(route_->body_bytes_max);
        request_.body.append(piece);
    }
    co_return std::nullopt;
}

/// Tries names until one is free: a crash may have left some.
Result<OutputFile> ServerConnection::create_incoming(std::filesystem::path& path) {
    for (unsigned tried = 0;; ++tried) {
        path = route_->file->folder / fmt::format("incoming-{}.tmp", ++server_->incoming_files);
        Result<OutputFile> file = OutputFile::create(path);
        const bool is_taken = !file && std::filesystem::exists(std::filesystem::symlink_status(path));
        if (!is_taken || tried == incoming_names_tried) return file;
    }
}

Task<std::optional<ServerResponse>> ServerConnection::read_file() {
    std::filesystem::path path;
    Result<OutputFile> file = create_incoming(path);
    if (file.has_error()) co_return refused(507, file.error().message);
    incoming_.emplace(path);
    piece_.resize(piece_bytes);
    while (!parser_->is_done()) {
        auto reading = read_piece();
        const std::string_view piece = co_await std::move(reading);
        if (file->bytes() + piece.size() > route_->body_bytes_max) co_return too_long(route_->body_bytes_max);
        const Result<void> written = file->append(piece);
        if (written.has_error()) co_return refused(507, written.error().message);
    }
    request_.file = ReceivedFile{path, file->bytes(), file->finish()};
    co_return std::nullopt;
}

Task<ServerResponse> ServerConnection::handle() {
    std::string failure;
    try {
        auto handling = route_->handler(request_);
        Answer answer = co_await std::move(handling);
        if (answer.has_error()) co_return to_response(answer.error());
        co_return std::move(*answer);
    } catch (const std::exception& error) {
        if (is_cancellation(std::current_exception())) throw;
        failure = error.what();
    }
    spdlog::error("{} {} failed: {}", request_.method, request_.path, failure);
    co_return refused(500, "the server failed on this request; its log says why");
}

Task<> ServerConnection::answer(ServerResponse response) {
    const bool keep_alive = parser_->is_done() && parser_->keep_alive();
    OutgoingAnswer answer = outgoing(request_, std::move(response), keep_alive);
    auto writing = write_answer(&stream_, std::move(answer), server_->options.idle_timeout);
    co_await std::move(writing);
}

/// If the connection were closed at once, the reset would cost a peer that is still sending our answer.
Task<> ServerConnection::drain() {
    auto parting = stream_.say_goodbye();
    co_await std::move(parting);
    error_code ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    stream_.expires_after(drain_time_max);
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, stream_.socket());
    for (std::uint64_t drained = 0; drained < drained_bytes_max;) {
        auto reading = stream_.plain().async_read_some(asio::buffer(piece_), io_token());
        const auto [error, bytes] = co_await std::move(reading);
        guard.throw_if_cancelled();
        if (error) co_return;
        drained += bytes;
    }
}

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
    if (*events.listeners < events.options.listeners_max) return std::nullopt;
    ServerResponse busy = refused(503, fmt::format("{} listen already, as many as may at once", *events.listeners));
    busy.headers["retry-after"] = "10";
    return busy;
}

/// The answer has no length: it ends with the connection.
Task<> ServerConnection::serve_events() {
    const EventsRoute& events = *route_->events;
    const CountedIn listener(*events.listeners);
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

}  // namespace

Task<> serve_connection(std::shared_ptr<Server::Impl> server, Tcp::socket socket) {
    ServerConnection connection(std::move(server), std::move(socket));
    try {
        auto serving = connection.serve();
        co_await std::move(serving);
    } catch (const boost::system::system_error& ended) {
        spdlog::debug("a connection ended: {}", ended.what());
    } catch (const std::exception& failure) {
        spdlog::error("a connection failed: {}", failure.what());
    }
}

}  // namespace emeth::http
