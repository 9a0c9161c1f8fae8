#include "http/file_transfer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "http/file_pieces.hpp"
#include "http/header_fields.hpp"
#include "http/redirect.hpp"

namespace emeth::http {
namespace {

constexpr std::uint64_t answer_bytes_max = 64 << 10;

/// Reads at most `bytes_max` of the body; the rest is left unread.
Task<Result<std::string>> read_excerpt(Connection* connection, std::string origin, Milliseconds timeout,
                                       std::uint64_t bytes_max) {
    std::string body;
    std::vector<char> piece(4 << 10);
    connection->limit(timeout);
    for (bool last = false; !last && body.size() < bytes_max;) {
        auto reading = connection->read_body(piece);
        const Connection::Piece read = co_await std::move(reading);
        if (read.error) co_return io_error(origin, read.error);
        body.append(piece.data(), read.bytes);
        last = read.last;
    }
    co_return body;
}

}  // namespace

Task<Result<Opened>> open_connection(Url url, Milliseconds timeout) {
    auto opening = open_stream(std::move(url), timeout);
    auto stream = co_await std::move(opening);
    if (stream.has_error()) co_return stream.error();
    co_return std::make_unique<Connection>(std::move(*stream));
}

Task<Result<ClientResponse>> read_response(Connection* connection, std::string origin, Milliseconds timeout) {
    ClientResponse response;
    response.status = connection->header().result_int();
    response.headers = to_headers(connection->header());
    auto reading = read_excerpt(connection, origin, timeout, answer_bytes_max);
    Result<std::string> body = co_await std::move(reading);
    if (body.has_error()) co_return body.error();
    response.body = std::move(*body);
    co_return response;
}

namespace {

Task<Result<void>> send_range(Connection* connection, const InputFile* file, std::uint64_t offset, std::uint64_t length,
                              Milliseconds idle_timeout, std::string origin) {
    std::vector<char> piece(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, length)));
    std::uint64_t sent = 0;
    do {
        const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), length - sent));
        const Result<void> read = file->read_at(offset + sent, {piece.data(), size});
        if (read.has_error()) co_return read.error();
        sent += size;
        connection->limit(idle_timeout);
        auto writing = connection->write({piece.data(), size}, sent < length);
        if (const error_code error = co_await std::move(writing)) co_return io_error(origin, error);
    } while (sent < length);
    co_return Result<void>{};
}

Task<Result<ClientResponse>> put_range(Url url, const InputFile* file, std::uint64_t offset, std::uint64_t length,
                                       Milliseconds idle_timeout) {
    const std::string origin = url.origin();
    auto opening = open_connection(url, idle_timeout);
    Result<Opened> connection = co_await std::move(opening);
    if (connection.has_error()) co_return connection.error();

    (*connection)->begin("PUT", url, {{"content-type", "application/octet-stream"}}, length);
    auto sending = send_range(connection->get(), file, offset, length, idle_timeout, origin);
    const Result<void> sent = co_await std::move(sending);
    // A server that refuses the body answers before reading all of it: the answer is more
    // informative than the broken pipe.
    (*connection)->limit(idle_timeout);
    auto reading = (*connection)->read_header();
    if (const error_code error = co_await std::move(reading)) co_return sent ? io_error(origin, error) : sent.error();
    auto answering = read_response(connection->get(), origin, idle_timeout);
    co_return co_await std::move(answering);
}

}  // namespace

Task<Result<ClientResponse>> upload_range(Url url, std::filesystem::path file, std::uint64_t offset,
                                          std::uint64_t length, Milliseconds idle_timeout) {
    Result<InputFile> input = InputFile::open(file);
    if (input.has_error()) co_return input.error();
    if (offset > input->bytes() || length > input->bytes() - offset)
        co_return permanent_error(fmt::format("{} has {} bytes; bytes {} to {} cannot be sent", file.string(),
                                              input->bytes(), offset, offset + length));
    for (int followed = 0; followed <= redirects_max; ++followed) {
        auto sending = put_range(url, &*input, offset, length, idle_timeout);
        Result<ClientResponse> response = co_await std::move(sending);
        if (response.has_error()) co_return response;
        Result<std::optional<Url>> next = redirection(url, response->status, response->headers, false);
        if (next.has_error()) co_return next.error();
        if (!*next) co_return response;
        url = std::move(**next);
    }
    co_return too_many_redirects(url);
}

}  // namespace emeth::http
