#include <fmt/format.h>

#include <algorithm>

#include "http/client.hpp"
#include "http/connection.hpp"
#include "http/file_pieces.hpp"
#include "http/header_fields.hpp"
#include "http/redirect.hpp"
#include "runtime/durable_file.hpp"

namespace emeth::http {
namespace {

constexpr std::uint64_t upload_answer_bytes_max = 64 << 10;

Task<Result<std::unique_ptr<Connection>>> open(Url url, Milliseconds timeout) {
    auto opening = open_stream(std::move(url), timeout);
    auto stream = co_await std::move(opening);
    if (stream.has_error()) co_return stream.error();
    co_return std::make_unique<Connection>(std::move(*stream));
}

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

Task<Result<ClientResponse>> read_response(Connection* connection, std::string origin, Milliseconds timeout) {
    ClientResponse response;
    response.status = connection->header().result_int();
    response.headers = to_headers(connection->header());
    auto reading = read_excerpt(connection, origin, timeout, upload_answer_bytes_max);
    Result<std::string> body = co_await std::move(reading);
    if (body.has_error()) co_return body.error();
    response.body = std::move(*body);
    co_return response;
}

using Opened = std::unique_ptr<Connection>;

/// Sends a GET, follows redirects, and reads the header of the answer, which must be 200 and may not announce a
/// different length. The body is left to be read.
Task<Result<Opened>> begin_download(Url url, std::uint64_t bytes_expected, Milliseconds idle_timeout) {
    for (int followed = 0; followed <= redirects_max; ++followed) {
        const std::string origin = url.origin();
        auto opening = open(url, idle_timeout);
        Result<Opened> connection = co_await std::move(opening);
        if (connection.has_error()) co_return connection.error();
        (*connection)->limit(idle_timeout);
        (*connection)->begin("GET", url, {}, 0);
        auto writing = (*connection)->write({}, false);
        error_code error = co_await std::move(writing);
        if (!error) {
            auto reading = (*connection)->read_header();
            error = co_await std::move(reading);
        }
        if (error) co_return io_error(origin, error);
        const auto& header = (*connection)->header();
        Result<std::optional<Url>> next = redirection(url, header.result_int(), to_headers(header), false);
        if (next.has_error()) co_return next.error();
        if (*next) {
            url = std::move(**next);
            continue;
        }
        if (header.result_int() != 200) {
            auto reading = read_response(connection->get(), origin, idle_timeout);
            Result<ClientResponse> refusal = co_await std::move(reading);
            co_return refusal ? status_error(origin, *refusal) : refusal.error();
        }
        const Result<void> plain = check_encoding(origin, to_headers(header));
        if (plain.has_error()) co_return plain.error();
        const std::uint64_t announced = (*connection)->body_bytes().value_or(bytes_expected);
        if (announced != bytes_expected)
            co_return transient_error(
                fmt::format("{}: announces {} bytes; {} were expected", origin, announced, bytes_expected));
        co_return connection;
    }
    co_return too_many_redirects(url);
}

struct Download {
    Connection* connection;
    OutputFile* file;
    std::string origin;
    std::uint64_t bytes_expected;
    Milliseconds idle_timeout;
    const std::function<void(std::uint64_t)>* progress;
};

Task<Result<void>> receive_file(Download download) {
    std::vector<char> piece(piece_bytes);
    for (bool last = false; !last;) {
        download.connection->limit(download.idle_timeout);
        auto reading = download.connection->read_body(piece);
        const Connection::Piece read = co_await std::move(reading);
        if (read.error) co_return io_error(download.origin, read.error);
        if (download.file->bytes() + read.bytes > download.bytes_expected)
            co_return transient_error(
                fmt::format("{}: sends more than the expected {} bytes", download.origin, download.bytes_expected));
        const Result<void> written = download.file->append({piece.data(), read.bytes});
        if (written.has_error()) co_return written.error();
        if (*download.progress) (*download.progress)(download.file->bytes());
        last = read.last;
    }
    if (download.file->bytes() == download.bytes_expected) co_return Result<void>{};
    co_return transient_error(fmt::format("{}: sent {} bytes; {} were expected", download.origin,
                                          download.file->bytes(), download.bytes_expected));
}

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
    auto opening = open(url, idle_timeout);
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

Task<Result<Downloaded>> download_file(Url url, std::filesystem::path path, std::uint64_t bytes_expected,
                                       Milliseconds idle_timeout, std::function<void(std::uint64_t)> progress) {
    auto beginning = begin_download(url, bytes_expected, idle_timeout);
    Result<Opened> connection = co_await std::move(beginning);
    if (connection.has_error()) co_return connection.error();

    // One fixed name, so that the next attempt reuses what a crash left behind instead of leaving more.
    const std::filesystem::path temporary = path.string() + ".download";
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    Result<OutputFile> file = OutputFile::create(temporary);
    if (file.has_error()) co_return file.error();
    const RemoveAtEnd remove_at_end(temporary);
    const Download download{connection->get(), &*file, url.origin(), bytes_expected, idle_timeout, &progress};
    auto receiving = receive_file(download);
    const Result<void> received = co_await std::move(receiving);
    if (received.has_error()) co_return received.error();

    const Downloaded done{file->bytes(), file->finish()};
    const Result<void> published = publish_file(temporary, path);
    if (published.has_error()) co_return published.error();
    co_return done;
}

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
