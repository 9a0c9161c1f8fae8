#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <utility>

#include "http/server_connection.hpp"
#include "runtime/clock.hpp"
#include "runtime/task_group.hpp"

namespace emeth::http {
namespace {

namespace http = beast::http;

constexpr unsigned incoming_names_tried = 1'000;
constexpr std::string_view slow_body = "a request's body came too slowly";
/// From so many bytes on that wait to be read, a body is worth large buffers.
constexpr std::size_t much_bytes = piece_bytes / 4;

Task<> write_piece(BlockingPool* pool, OutputFile* file, std::string_view piece, Result<void>* written) {
    auto work = [file, piece] { return file->append(piece); };
    auto writing = pool->run(std::move(work));
    *written = co_await std::move(writing);
}

Task<> hash_piece(BlockingPool* pool, OutputFile* file, std::string_view piece) {
    auto work = [file, piece] { file->hash(piece); };
    auto hashing = pool->run(std::move(work));
    co_await std::move(hashing);
}

Task<> only_write_piece(BlockingPool* pool, OutputFile* file, std::string_view piece, Result<void>* written) {
    auto work = [file, piece] { return file->write(piece); };
    auto writing = pool->run(std::move(work));
    *written = co_await std::move(writing);
}

Task<> nothing() {
    co_return;
}

/// A coroutine of its own: one that has been cancelled may start a group, but not wait for it.
Task<> together(Task<> first, Task<> second, Task<> third) {
    TaskGroup group(co_await asio::this_coro::executor, 3);
    group.start(std::move(first));
    group.start(std::move(second));
    group.start(std::move(third));
    auto joining = group.join();
    co_await std::move(joining);
}

}  // namespace

Task<std::optional<ServerResponse>> ServerConnection::read_body() {
    if (unread_.value_or(0) > route_->body_bytes_max) co_return refused_as_too_long();
    if (route_->file && route_->file->admission) {
        OrRefusal<std::shared_ptr<void>> admitted = route_->file->admission(request_);
        if (admitted.has_error()) co_return to_response(admitted.error());
        request_.admitted = std::move(*admitted);
    }
    if (!is_body_read() && beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
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

bool ServerConnection::is_too_long() const {
    return body_bytes_ > route_->body_bytes_max;
}

ServerResponse ServerConnection::refused_as_too_long() const {
    return refused(413, fmt::format("the body is longer than {} bytes", route_->body_bytes_max));
}

Task<std::optional<ServerResponse>> ServerConnection::read_text() {
    PaceOptions options = server_->options.pace;
    options.time_max = server_->options.text_time_max;
    BodyPace pace(options, system_clock().monotonic());
    while (!is_body_read()) {
        auto reading = read_some(&pace, piece_);
        const std::size_t bytes = co_await std::move(reading);
        if (is_too_long()) co_return refused_as_too_long();
        request_.body.append(piece_.data(), bytes);
    }
    co_return std::nullopt;
}

/// Empty only at the end of the body.
Task<std::size_t> ServerConnection::read_some(BodyPace* pace, std::span<char> into) {
    if (is_body_read()) co_return 0;
    pace->resume(system_clock().monotonic());
    place_.gives_way_from(pace->gives_way_from());
    auto reading = unread_ ? read_announced(pace, into) : read_chunked(pace, into);
    const std::size_t bytes = co_await std::move(reading);
    body_bytes_ += bytes;
    pace->pause(system_clock().monotonic(), bytes);
    place_.stays();
    co_return bytes;
}

void ServerConnection::expires_at_pace(const BodyPace& pace) {
    expires_at(std::min(system_clock().monotonic() + server_->options.idle_timeout, pace.deadline()));
}

/// Straight from the socket, after what came with the head.
Task<std::size_t> ServerConnection::read_announced(BodyPace* pace, std::span<char> into) {
    into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), *unread_)));
    std::size_t bytes = asio::buffer_copy(asio::buffer(into.data(), into.size()), buffer_.data());
    buffer_.consume(bytes);
    if (bytes == 0) {
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        const CloseOnCancel guard(state, stream_.socket());
        expires_at_pace(*pace);
        auto reading = stream_.async_read_some(asio::buffer(into.data(), into.size()), io_token());
        const auto [error, received] = co_await std::move(reading);
        guard.throw_if_cancelled();
        note_if_slow(error, slow_body);
        throw_if(error);
        bytes = received;
    }
    *unread_ -= bytes;
    co_return bytes;
}

Task<std::size_t> ServerConnection::read_chunked(BodyPace* pace, std::span<char> into) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, stream_.socket());
    http::buffer_body::value_type& body = parser_->get().body();
    std::size_t received_bytes = 0;
    while (received_bytes == 0 && !parser_->is_done()) {
        body.data = into.data();
        body.size = into.size();
        body.more = true;
        expires_at_pace(*pace);
        auto reading = http::async_read_some(stream_, buffer_, *parser_, io_token());
        const auto [error, bytes] = co_await std::move(reading);
        guard.throw_if_cancelled();
        note_if_slow(error, slow_body);
        if (error != http::error::need_buffer) throw_if(error);
        received_bytes = into.size() - body.size;
    }
    co_return received_bytes;
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
    if (!unread_) buffer_.reserve(receive_buffer_bytes);
    BodyPace pace(server_->options.pace, system_clock().monotonic());
    while (!is_body_read()) {
        const PieceBuffers::Loan pair = much_is_here() ? server_->piece_buffers.take() : PieceBuffers::Loan();
        auto taking = pair ? take_pieces(&*file, &pace, pair.get()) : take_piece(&*file, &pace);
        std::optional<ServerResponse> refusal = co_await std::move(taking);
        if (refusal) co_return refusal;
    }
    request_.file = ReceivedFile{path, file->bytes(), file->finish()};
    co_return std::nullopt;
}

/// So much waits to be read that who sends it is ahead of us.
bool ServerConnection::much_is_here() {
    error_code failed;
    return !is_body_read() && stream_.socket().available(failed) >= much_bytes;
}

/// Whatever the peer's pace, a small piece at a time.
Task<std::optional<ServerResponse>> ServerConnection::take_piece(OutputFile* file, BodyPace* pace) {
    auto reading = read_some(pace, piece_);
    const std::size_t bytes = co_await std::move(reading);
    if (is_too_long()) co_return refused_as_too_long();
    Result<void> written;
    auto writing = write_piece(&*server_->file_pool, file, {piece_.data(), bytes}, &written);
    co_await std::move(writing);
    if (written.has_error()) co_return refused(507, written.error().message);
    co_return std::nullopt;
}

/// For as long as there is much to read: one piece is hashed, and written, while the next one is read.
Task<std::optional<ServerResponse>> ServerConnection::take_pieces(OutputFile* file, BodyPace* pace,
                                                                  PieceBuffers::Pair* pair) {
    std::size_t bytes = 0;
    auto beginning = read_much(pace, pair->filled, &bytes);
    co_await std::move(beginning);
    while (bytes > 0) {
        if (is_too_long()) co_return refused_as_too_long();
        std::swap(pair->filled, pair->emptied);
        const std::string_view piece(pair->emptied.data(), std::exchange(bytes, 0));
        Result<void> written;
        auto hashing = hash_piece(&*server_->file_pool, file, piece);
        auto writing = only_write_piece(&*server_->file_pool, file, piece, &written);
        auto reading = much_is_here() ? read_much(pace, pair->filled, &bytes) : nothing();
        auto all = together(std::move(hashing), std::move(writing), std::move(reading));
        co_await std::move(all);
        if (written.has_error()) co_return refused(507, written.error().message);
    }
    co_return std::nullopt;
}

/// At least something, then what is here.
Task<> ServerConnection::read_much(BodyPace* pace, std::span<char> into, std::size_t* bytes) {
    do {
        auto reading = read_some(pace, into.subspan(*bytes));
        *bytes += co_await std::move(reading);
    } while (*bytes < into.size() && much_is_here());
}

}  // namespace emeth::http
