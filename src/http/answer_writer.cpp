#include "http/answer_writer.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/write.hpp>
#include <utility>
#include <vector>

#include "runtime/clock.hpp"

namespace emeth::http {
namespace {

constexpr std::size_t text_piece_bytes = 64 << 10;
/// Read ahead of the socket, and sent without a copy before the other connections have their turn.
constexpr std::uint64_t turn_bytes = 1 << 20;
/// Written by way of memory: this is what waits until the peer has room again.
constexpr std::size_t waiting_piece_bytes = 16 << 10;

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

/// Without TLS it alternates between what fits into the socket at once, which the kernel copies there itself, and a
/// small piece that waits for room as everything else here does.
Task<> write_file_answer(ServerStream* stream, const OutgoingAnswer* answer, AnswerPace* pace) {
    const InputFile& file = *answer->file;
    std::uint64_t at = answer->range.first;
    const std::uint64_t end = at + answer->range.bytes;
    std::vector<char> piece(stream->is_tls() ? text_piece_bytes : waiting_piece_bytes);
    std::string_view head = answer->head;
    while (at < end) {
        file.read_ahead(at, std::min(2 * turn_bytes, end - at));
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), end - at));
        const Result<void> read = file.read_at(at, {piece.data(), size});
        if (read.has_error()) throw ErrorException(read.error());
        auto writing = write_text(stream, std::exchange(head, {}), {piece.data(), size}, pace);
        co_await std::move(writing);
        at += size;
        if (stream->is_tls()) continue;
        const Result<std::uint64_t> sent =
            file.send_at(at, std::min(turn_bytes, end - at), stream->socket().native_handle());
        if (sent.has_error()) throw ErrorException(sent.error());
        pace->end(*sent);
        at += *sent;
    }
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
}

void AnswerPace::note_slow() {
    server_.note_refusal("an answer was read too slowly, and cut off", place_.peer().to_string());
}

Task<> write_answer(ServerStream* stream, OutgoingAnswer answer, AnswerPace* pace) {
    auto writing = answer.file ? write_file_answer(stream, &answer, pace) : write_text_answer(stream, &answer, pace);
    co_await std::move(writing);
}

}  // namespace emeth::http
