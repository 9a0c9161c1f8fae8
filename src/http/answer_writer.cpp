#include "http/answer_writer.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/with_timeout.hpp"

namespace emeth::http {
namespace {

constexpr std::size_t text_piece_bytes = 64 << 10;
/// Of a file, with the head.
constexpr std::uint64_t begin_bytes = 16 << 10;
/// Sent without a copy before the other connections have their turn.
constexpr std::uint64_t turn_bytes = 2 << 20;
/// The peer must take as much at least until a full socket has room again.
constexpr std::uint64_t room_bytes = 16 << 10;

/// The stream's own operations: they time out, and are cancelled.
Task<> write_text(ServerStream* stream, std::string_view head, std::string_view body, AnswerPace* pace) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, stream->socket());
    stream->expires_after(pace->begin(head.size() + body.size()));
    const std::array<asio::const_buffer, 2> both{asio::buffer(head), asio::buffer(body)};
    auto writing = asio::async_write(*stream, both, io_token());
    const auto [error, bytes] = co_await std::move(writing);
    guard.throw_if_cancelled();
    pace->end(bytes);
    if (error == beast::error::timeout) pace->note_slow();
    if (error) throw boost::system::system_error(error);
}

/// Text goes in pieces, so that a slow peer of a long text is not an idle one; the first goes with the head.
Task<> write_text_answer(ServerStream* stream, const OutgoingAnswer* answer, AnswerPace* pace) {
    std::string_view head = answer->head, rest = answer->body;
    do {
        const std::string_view piece = rest.substr(0, text_piece_bytes);
        auto writing = write_text(stream, std::exchange(head, {}), piece, pace);
        co_await std::move(writing);
        rest.remove_prefix(piece.size());
    } while (!rest.empty());
}

/// Has the kernel read a file before it is sent, each byte once.
class ReadAhead {
public:
    ReadAhead(const InputFile& file, std::uint64_t end) : file_(file), end_(end) {}
    void come_to(std::uint64_t at) {
        if (read_ >= end_ || read_ >= at + turn_bytes) return;
        const std::uint64_t from = std::max(at, read_);
        const std::uint64_t bytes = std::min(2 * turn_bytes, end_ - from);
        file_.read_ahead(from, bytes);
        read_ = from + bytes;
    }

private:
    const InputFile& file_;
    std::uint64_t end_, read_ = 0;
};

/// While it lives, the kernel sends nothing but full segments: without it, each piece of a file ends with a small one,
/// and each of them wakes the peer.
class FullSegments {
public:
    explicit FullSegments(Tcp::socket& socket) : socket_(socket) { set(1); }
    FullSegments(const FullSegments&) = delete;
    FullSegments& operator=(const FullSegments&) = delete;
    ~FullSegments() { set(0); }

private:
    /// A failure costs speed alone.
    void set(int on) const { ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_CORK, &on, sizeof on); }
    Tcp::socket& socket_;
};

/// The head, and what of the file goes with it. Returns how much of the file that is.
Task<std::uint64_t> write_begin(ServerStream* stream, const OutgoingAnswer* answer, AnswerPace* pace) {
    std::vector<char> piece(static_cast<std::size_t>(std::min<std::uint64_t>(begin_bytes, answer->range.bytes)));
    const Result<void> read = answer->file->read_at(answer->range.first, piece);
    if (read.has_error()) throw ErrorException(read.error());
    auto writing = write_text(stream, answer->head, {piece.data(), piece.size()}, pace);
    co_await std::move(writing);
    co_return piece.size();
}

/// Through memory, where it is encrypted.
Task<> write_encrypted(ServerStream* stream, const OutgoingAnswer* answer, AnswerPace* pace, std::uint64_t at) {
    const std::uint64_t end = answer->range.first + answer->range.bytes;
    std::vector<char> piece(text_piece_bytes);
    ReadAhead ahead(*answer->file, end);
    while (at < end) {
        ahead.come_to(at);
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), end - at));
        const Result<void> read = answer->file->read_at(at, {piece.data(), size});
        if (read.has_error()) throw ErrorException(read.error());
        auto writing = write_text(stream, {}, {piece.data(), size}, pace);
        co_await std::move(writing);
        at += size;
    }
}

Task<Result<void>> until_writable(ServerStream* stream) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const CloseOnCancel guard(state, stream->socket());
    auto waiting = stream->socket().async_wait(Tcp::socket::wait_write, io_token());
    const auto [error] = co_await std::move(waiting);
    guard.throw_if_cancelled();
    if (error) throw boost::system::system_error(error);
    co_return Result<void>{};
}

/// Until the peer has taken a good part of what the kernel holds for him.
Task<> wait_for_room(ServerStream* stream, AnswerPace* pace) {
    auto waiting = with_timeout(until_writable(stream), pace->begin(room_bytes), "taking the answer");
    const Result<void> room = co_await std::move(waiting);
    if (room) co_return;
    pace->note_slow();
    throw boost::system::system_error(beast::error::timeout);
}

Task<> others_turn(ServerStream* stream) {
    auto posted = asio::post(stream->get_executor(), asio::use_awaitable);
    co_await std::move(posted);
}

/// Without a copy through memory: the kernel takes from the file what fits into the socket.
Task<> send_file(ServerStream* stream, const OutgoingAnswer* answer, AnswerPace* pace, std::uint64_t at) {
    const std::uint64_t end = answer->range.first + answer->range.bytes;
    ReadAhead ahead(*answer->file, end);
    while (at < end) {
        ahead.come_to(at);
        const std::uint64_t turn = std::min(turn_bytes, end - at);
        const Result<std::uint64_t> sent = answer->file->send_at(at, turn, stream->socket().native_handle());
        if (sent.has_error()) throw ErrorException(sent.error());
        pace->end(*sent);
        at += *sent;
        if (at == end) break;
        auto pausing = *sent == turn ? others_turn(stream) : wait_for_room(stream, pace);
        co_await std::move(pausing);
    }
}

Task<> write_file_answer(ServerStream* stream, const OutgoingAnswer* answer, AnswerPace* pace) {
    const FullSegments corked(stream->socket());
    auto beginning = write_begin(stream, answer, pace);
    const std::uint64_t at = answer->range.first + co_await std::move(beginning);
    auto going_on = stream->is_tls() ? write_encrypted(stream, answer, pace, at) : send_file(stream, answer, pace, at);
    co_await std::move(going_on);
}

}  // namespace

AnswerPace::AnswerPace(Server::Impl& server, ConnectionPlace& place)
    : server_(server), place_(place), pace_(server.options.pace, system_clock().monotonic()) {}

Milliseconds AnswerPace::begin(std::uint64_t bytes) {
    const Milliseconds now = system_clock().monotonic();
    pace_.resume(now);
    place_.gives_way_from(pace_.gives_way_from());
    const Milliseconds end = std::min(now + server_.options.idle_timeout, pace_.deadline(bytes));
    return std::max(Milliseconds(1), end - now);
}

void AnswerPace::end(std::uint64_t bytes) {
    pace_.pause(system_clock().monotonic(), bytes);
    place_.gives_way_from(pace_.gives_way_from());
}

void AnswerPace::note_slow() {
    server_.note_refusal("an answer was read too slowly, and cut off", place_.peer().to_string());
}

Task<> write_answer(ServerStream* stream, OutgoingAnswer answer, AnswerPace* pace) {
    auto writing = answer.file ? write_file_answer(stream, &answer, pace) : write_text_answer(stream, &answer, pace);
    co_await std::move(writing);
}

}  // namespace emeth::http
