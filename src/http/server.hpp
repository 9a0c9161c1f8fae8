// A small HTTP/1.1 and WebSocket server over Beast: routes, body limits, idle timeouts, a cap on connections. Io thread
// only.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/client.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::http {

struct ReceivedFile {
    std::filesystem::path
        path;  ///< a temporary: publish it (runtime/durable_file.hpp), or it is removed after the handler
    std::uint64_t bytes = 0;
    Hash256 sha256;
};

struct ServerRequest {
    std::string method;
    std::string path;                             ///< percent-decoded, without the query
    std::map<std::string, std::string> query;     ///< percent-decoded
    std::map<std::string, std::string> captures;  ///< of "{name}" segments of the route; one segment each
    Headers headers;
    std::string body;  ///< empty for routes that take a file
    std::optional<ReceivedFile> file;
    std::string peer_address;  ///< IP
};

struct ServerResponse {
    unsigned status = 200;
    std::string content_type = "application/json";
    Headers headers;
    std::string body;
    std::optional<std::filesystem::path> file;  ///< sent instead of `body`, streamed

    static ServerResponse json(const boost::json::value& value, unsigned status = 200);
    /// {"error": message}
    static ServerResponse error(unsigned status, std::string_view message);
};

using Handler = std::function<Task<ServerResponse>(ServerRequest)>;
/// Looks at a request whose body is not read yet; an answer refuses it. Keeps strangers from filling the disk.
using Admission = std::function<std::optional<ServerResponse>(const ServerRequest&)>;
using WebSocketHandler = std::function<Task<>(WebSocket, ServerRequest)>;

struct ServerOptions {
    std::string host = "127.0.0.1";     ///< an IP address, or "localhost"
    std::uint16_t port = 0;             ///< 0: the system chooses
    std::string public_url{};           ///< how clients reach it through a reverse proxy; empty: directly
    std::size_t connections_max = 256;  ///< one more is answered 503
    Milliseconds idle_timeout{
        60'000};  ///< to send a whole header, or the next piece of a body, or to take one of the answer
};

class Server {
public:
    struct Impl;
    Server(asio::any_io_executor executor, ServerOptions options);
    ~Server();

    /// `pattern`: "/api/v1/jobs", "/objects/{name}"; of several that fit, the first added counts. A longer body is
    /// answered 413, an unknown path 404, another method 405. GET routes answer HEAD, too.
    void route(std::string method, std::string pattern, std::uint64_t body_bytes_max, Handler handler);
    /// The body is streamed into "<folder>/incoming-<n>.tmp" (0600; `folder` must be on the file system of its
    /// destination). A full disk is answered 507. What a crash leaves of them is the owner's to sweep.
    void route_file(std::string method, std::string pattern, std::uint64_t body_bytes_max, std::filesystem::path folder,
                    Handler handler, Admission admission = {});
    void route_websocket(std::string pattern, WebSocketHandler handler);

    /// Binds and listens; Error: "cannot listen on 127.0.0.1:3000: address already in use; …".
    Result<void> listen();
    [[nodiscard]] std::uint16_t port() const;
    /// "http://127.0.0.1:3000", or the public one.
    [[nodiscard]] std::string url() const;

    /// Serves until cancelled; then ends every connection and returns. An exception of a handler is answered 500 and
    /// logged, and the server lives on.
    Task<> run();

private:
    std::shared_ptr<Impl> impl_;
};

}  // namespace emeth::http
