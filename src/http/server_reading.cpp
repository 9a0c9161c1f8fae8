#include <fmt/format.h>

#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
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
constexpr unsigned incoming_names_tried = 1'000;

ServerResponse too_long(std::uint64_t bytes_max) {
    return refused(413, fmt::format("the body is longer than {} bytes", bytes_max));
}

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

Task<std::optional<ServerResponse>> ServerConnection::read_body() {
    const boost::optional<std::uint64_t> announced = parser_->content_length();
    if (announced && *announced > route_->body_bytes_max) co_return too_long(route_->body_bytes_max);
    if (route_->file && route_->file->admission) {
        OrRefusal<std::shared_ptr<void>> admitted = route_->file->admission(request_);
        if (admitted.has_error()) co_return to_response(admitted.error());
        request_.admitted = std::move(*admitted);
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
Task<std::string_view> ServerConnection::read_piece(BodyPace* pace) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, stream_.socket());
    http::buffer_body::value_type& body = parser_->get().body();
    std::size_t received_bytes = 0;
    pace->resume(system_clock().monotonic());
    place_.gives_way_from(pace->gives_way_from());
    while (received_bytes == 0 && !parser_->is_done()) {
        body.data = piece_.data();
        body.size = piece_.size();
        body.more = true;
        expires_at(std::min(system_clock().monotonic() + server_->options.idle_timeout, pace->deadline()));
        auto reading = http::async_read_some(stream_, buffer_, *parser_, io_token());
        const auto [error, bytes] = co_await std::move(reading);
        guard.throw_if_cancelled();
        note_if_slow(error, "a request's body came too slowly");
        if (error != http::error::need_buffer) throw_if(error);
        received_bytes = piece_.size() - body.size;
    }
    pace->pause(system_clock().monotonic(), received_bytes);
    place_.stays();
    co_return std::string_view(piece_.data(), received_bytes);
}

Task<std::optional<ServerResponse>> ServerConnection::read_text() {
    PaceOptions options = server_->options.pace;
    options.time_max = server_->options.text_time_max;
    BodyPace pace(options, system_clock().monotonic());
    while (!parser_->is_done()) {
        auto reading = read_piece(&pace);
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
    buffer_.reserve(receive_buffer_bytes);
    BodyPace pace(server_->options.pace, system_clock().monotonic());
    while (!parser_->is_done()) {
        auto reading = read_piece(&pace);
        const std::string_view piece = co_await std::move(reading);
        if (file->bytes() + piece.size() > route_->body_bytes_max) co_return too_long(route_->body_bytes_max);
        const Result<void> written = file->append(piece);
        if (written.has_error()) co_return refused(507, written.error().message);
    }
    request_.file = ReceivedFile{path, file->bytes(), file->finish()};
    co_return std::nullopt;
}

}  // namespace emeth::http
