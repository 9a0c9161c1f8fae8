// HTTP(S) and WebSocket clients over Beast. Every operation is bounded in time and size, and throws operation_aborted
// when its coroutine is cancelled. Io thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::http {

/// An absolute http, https, ws or wss URL, checked.
struct Url {
    std::string scheme;
    std::string host;
    std::uint16_t port = 0;
    std::string target;  ///< path and query, begins with '/'

    /// The Error names the text, as far as it may be shown, and what is wrong with it. User names, passwords
    /// (http/authorization.hpp reads those) and fragments are refused.
    static Result<Url> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    /// Scheme, host and port only: the part of a signed URL that may be logged.
    [[nodiscard]] std::string origin() const;
    /// This URL as a base: its path, without a trailing '/' and without the query, followed by `path_and_query`, which
    /// begins with '/'.
    [[nodiscard]] Url at(std::string_view path_and_query) const;
};

/// For one path segment or one query value: encodes everything except letters, digits and "-._~" as %XX.
std::string percent_encoded(std::string_view text);

using Headers = std::map<std::string, std::string>;  ///< names in lower case

struct ClientRequest {
    std::string method = "GET";
    Url url;
    Headers headers;
    std::string body;
    Milliseconds timeout{10'000};                 ///< of the whole exchange
    std::uint64_t response_bytes_max = 16 << 20;  ///< a longer answer is an error and is not read further
};

struct ClientResponse {
    unsigned status = 0;
    Headers headers;
    std::string body;
};

/// Any answer, even a 500, is a response; only a failure to get one is an Error (transient, names the origin).
/// Redirects are followed (http/redirect.hpp). Idle connections are kept for the next request; one that the server has
/// closed in the meantime is detected and replaced.
Task<Result<ClientResponse>> request(ClientRequest request);

/// Of a status: 2xx.
constexpr bool is_success(unsigned status) {
    return status / 100 == 2;
}

/// Transient for 408, 425, 429 and 5xx, of which 429 and 5xx are the service's fault; otherwise permanent. Message:
/// "<what> answered 503 Service Unavailable: <first 200 characters of the body>".
Error status_error(std::string_view what, const ClientResponse& response);

/// How long a 429 or 503 asks to wait (Retry-After in seconds; RFC 9110, section 10.2.3); none if it does not say.
std::optional<Milliseconds> retry_after(const ClientResponse& response);

struct Downloaded {
    std::uint64_t bytes = 0;
    Hash256 sha256;
};

/// GETs `url` into `path` (temp → fsync → rename), hashing on the fly, in bounded memory. Where the transfer was cut,
/// it goes on by a range, in this call as long as that brings more, and in a later one, also of another process and by
/// another URL of the same thing (http/partial_file.hpp): what was cut is never a reason to begin anew, only another
/// ETag, or a server that knows no ranges. Fails if the answer is not 200 or 206, is longer or shorter than
/// `bytes_expected`, no byte arrives for `idle_timeout`, or the disk has no room for the rest. `progress` receives the
/// number of bytes so far. `pool` must outlive the task.
Task<Result<Downloaded>> download_file(BlockingPool& pool, Url url, std::filesystem::path path,
                                       std::uint64_t bytes_expected, Milliseconds idle_timeout,
                                       std::function<void(std::uint64_t)> progress);

/// What an earlier download_file() into `path` left of it, and a later one need not fetch again.
std::uint64_t partly_downloaded_bytes(const std::filesystem::path& path);

/// PUTs bytes [offset, offset+length) of `file` in bounded memory; returns the response, whose ETag header matters.
Task<Result<ClientResponse>> upload_range(Url url, std::filesystem::path file, std::uint64_t offset,
                                          std::uint64_t length, Milliseconds idle_timeout);

/// One WebSocket connection, text messages. One reader and one writer coroutine at a time.
class WebSocket {
public:
    struct Impl;
    explicit WebSocket(std::unique_ptr<Impl> impl);
    WebSocket(WebSocket&&) noexcept;
    WebSocket& operator=(WebSocket&&) noexcept;
    ~WebSocket();

    static constexpr std::size_t message_bytes_max = 4 << 20;

    /// ws and wss; http and https are accepted as aliases. Certificate and host name are checked.
    static Task<Result<WebSocket>> connect(Url url, Milliseconds timeout);
    /// An Error if the connection ended, or if nothing, not even the answer to a ping, arrived for 30 s.
    Task<Result<std::string>> receive();
    Task<Result<void>> send(std::string message);
    /// Ends the connection at once; a pending receive() returns an Error.
    void abort();
    [[nodiscard]] std::string peer_address() const;  ///< IP of the other side
    /// What only the two ends of this TLS connection know (tls-exporter, RFC 9266): it differs where somebody between
    /// them has a connection with each. None without TLS.
    [[nodiscard]] std::optional<Hash256> channel_binding() const;

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace emeth::http
