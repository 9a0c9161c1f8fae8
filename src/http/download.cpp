#include <fmt/format.h>

#include <utility>

#include "http/byte_range.hpp"
#include "http/file_transfer.hpp"
#include "http/header_fields.hpp"
#include "http/partial_file.hpp"
#include "http/preconditions.hpp"
#include "http/redirect.hpp"
#include "runtime/log.hpp"

namespace emeth::http {
namespace {

/// A transfer that was cut is taken up again at once if it brought this much: the caller's patience is for those who
/// bring nothing.
constexpr std::uint64_t worthwhile_bytes = 64 << 10;
/// Of one call: a server that refuses the ranges it offers must not be asked for ever.
constexpr int restarts_max = 2;

struct Order {
    Url url;
    std::uint64_t bytes;
    Milliseconds idle_timeout;
    std::function<void(std::uint64_t)> progress;
};

/// Sends a GET, follows redirects, and reads the header of the answer: 200, 206 or 416. The body is left to be read.
Task<Result<Opened>> get(Url url, Headers headers, Milliseconds idle_timeout) {
    for (int followed = 0; followed <= redirects_max; ++followed) {
        const std::string origin = url.origin();
        auto opening = open_connection(url, idle_timeout);
        Result<Opened> connection = co_await std::move(opening);
        if (connection.has_error()) co_return connection.error();
        (*connection)->limit(idle_timeout);
        (*connection)->begin("GET", url, headers, 0);
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
        const unsigned status = header.result_int();
        if (status != 200 && status != 206 && status != 416) {
            auto reading = read_response(connection->get(), origin, idle_timeout);
            Result<ClientResponse> refusal = co_await std::move(reading);
            co_return refusal ? status_error(origin, *refusal) : refusal.error();
        }
        const Result<void> plain = check_encoding(origin, to_headers(header));
        if (plain.has_error()) co_return plain.error();
        co_return connection;
    }
    co_return too_many_redirects(url);
}

Headers range_headers(const PartialFile& partial) {
    if (partial.bytes() == 0) return {};
    Headers headers{{"range", fmt::format("bytes={}-", partial.bytes())}};
    if (is_strong_etag(partial.etag())) headers["if-range"] = partial.etag();
    return headers;
}

std::string etag_in(const Headers& headers) {
    const auto found = headers.find("etag");
    return found == headers.end() ? std::string() : found->second;
}

/// Why an answer to a range is not the rest of the partial file; empty: it is.
std::string why_no_rest(unsigned status, const Headers& headers, const PartialFile& partial, std::uint64_t bytes) {
    if (status == 416) return fmt::format("has nothing after byte {} of {}", partial.bytes(), bytes);
    const auto header = headers.find("content-range");
    if (header == headers.end()) return "answers with a part, and does not say which";
    const auto answered = parse_content_range(header->second);
    const ByteRange rest{partial.bytes(), bytes - partial.bytes()};
    if (!answered || answered->range != rest || answered->file_bytes.value_or(bytes) != bytes)
        return fmt::format("answers with another part than the one from byte {} to the end of {}", rest.first, bytes);
    const std::string etag = etag_in(headers);
    if (!etag.empty() && !partial.etag().empty() && etag != partial.etag())
        return "answers with a part of something else";
    return {};
}

/// Makes the partial file fit the answer: as it is for the rest of it, empty for the whole.
Result<void> prepare(const Connection& connection, const std::string& origin, std::uint64_t bytes,
                     PartialFile& partial) {
    const Headers headers = to_headers(connection.header());
    const unsigned status = connection.header().result_int();
    if (status != 200) {
        const std::string wrong = partial.bytes() == 0 ? fmt::format("answers {} to a request for the whole", status)
                                                       : why_no_rest(status, headers, partial, bytes);
        if (wrong.empty()) return {};
        partial.discard();
        return transient_error(fmt::format("{}: {}", origin, wrong));
    }
    const std::uint64_t announced = connection.body_bytes().value_or(bytes);
    if (announced != bytes)
        return transient_error(fmt::format("{}: announces {} bytes; {} were expected", origin, announced, bytes));
    return partial.begin(etag_in(headers));
}

Task<Result<void>> receive(Connection* connection, std::string origin, const Order* order, PartialFile* partial) {
    std::vector<char> piece(piece_bytes);
    for (bool last = false; !last;) {
        connection->limit(order->idle_timeout);
        auto reading = connection->read_body(piece);
        const Connection::Piece read = co_await std::move(reading);
        if (partial->bytes() + read.bytes > order->bytes) {
            partial->discard();
            co_return transient_error(fmt::format("{}: sends more than the expected {} bytes", origin, order->bytes));
        }
        auto appending = partial->append({piece.data(), read.bytes});
        const Result<void> written = co_await std::move(appending);
        if (written.has_error()) co_return written.error();
        if (order->progress) order->progress(partial->bytes());
        if (read.error) co_return io_error(origin, read.error);
        last = read.last;
    }
    if (partial->is_complete()) co_return Result<void>{};
    co_return transient_error(
        fmt::format("{}: sent {} bytes; {} were expected", origin, partial->bytes(), order->bytes));
}

/// One exchange: the whole, or the rest of it.
Task<Result<void>> fetch(const Order* order, PartialFile* partial) {
    const std::string origin = order->url.origin();
    auto getting = get(order->url, range_headers(*partial), order->idle_timeout);
    const Result<Opened> connection = co_await std::move(getting);
    if (connection.has_error()) co_return connection.error();
    const Result<void> prepared = prepare(**connection, origin, order->bytes, *partial);
    if (prepared.has_error()) co_return prepared.error();
    auto receiving = receive(connection->get(), origin, order, partial);
    co_return co_await std::move(receiving);
}

/// Until it is complete, or a try brings nothing.
Task<Result<void>> fetch_all(const Order* order, PartialFile* partial) {
    for (int restarts = 0; !partial->is_complete();) {
        const std::uint64_t before = partial->bytes();
        auto fetching = fetch(order, partial);
        const Result<void> fetched = co_await std::move(fetching);
        if (fetched.has_value()) break;
        const std::uint64_t now = partial->bytes();
        const bool is_shorter = now < before;
        if (is_shorter && ++restarts > restarts_max) co_return fetched;
        if (!is_shorter && now - before < worthwhile_bytes) co_return fetched;
        spdlog::debug("{}; {} of {} bytes are there", fetched.error().message, now, order->bytes);
    }
    co_return Result<void>{};
}

}  // namespace

Task<Result<Downloaded>> download_file(BlockingPool& pool, Url url, std::filesystem::path path,
                                       std::uint64_t bytes_expected, Milliseconds idle_timeout,
                                       std::function<void(std::uint64_t)> progress) {
    auto opening = PartialFile::open(&pool, std::move(path), bytes_expected);
    Result<PartialFile> partial = co_await std::move(opening);
    if (partial.has_error()) co_return partial.error();
    const Order order{std::move(url), bytes_expected, idle_timeout, std::move(progress)};
    auto fetching = fetch_all(&order, &*partial);
    const Result<void> fetched = co_await std::move(fetching);
    if (fetched.has_error()) co_return fetched.error();
    co_return partial->publish();
}

}  // namespace emeth::http
