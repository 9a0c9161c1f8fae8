// A small HTTP/1.1 and WebSocket server over Beast: routes, and bounds on size, time and number of whatever strangers
// send. Io thread only.
//
// An endpoint is a function from a request to an Answer, and one line that declares it:
//
//   Task<http::Answer> size_of(http::ServerRequest request) {
//       if (!request.query.contains("key")) co_return http::malformed("the query needs a key");
//       const boost::json::value answer{{"result", 5}};
//       co_return answer;
//   }
//   server.route_json("GET", "/api/v1/sizeOf", 0, size_of);
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
#include <vector>

#include "http/body_pace.hpp"
#include "http/client.hpp"
#include "http/refusal.hpp"
#include "runtime/ip_block.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::http {

struct ReceivedFile {
    /// A temporary: it is removed after the handler unless the handler has published it (runtime/durable_file.hpp).
    std::filesystem::path path;
    std::uint64_t bytes = 0;
    Hash256 sha256;
};

struct ServerRequest {
    std::string method;
    std::string path;                             ///< percent-decoded, without the query
    std::map<std::string, std::string> query;     ///< percent-decoded
    std::map<std::string, std::string> captures;  ///< of "{name}" segments of the route; one segment each
    Headers headers;
    std::string body;                  ///< empty for routes that take a file
    boost::json::value json;           ///< the body of a POST to a JSON route
    std::optional<ReceivedFile> file;  ///< the body, for routes that take a file
    std::shared_ptr<void> admitted;    ///< what the FileAdmission of the route returned; let go before the answer
    std::string peer_address;          ///< IP; of who asks, where a named proxy asks for him (http/forwarded.hpp)
    /// It came through a proxy that trusted_proxies does not name: who asks is not known, whatever peer_address is.
    bool through_unnamed_proxy = false;
    /// Of a WebSocket, once its peer has proved who it is: its connection counts among strangers' no longer, and is
    /// never closed to make room for another. False if kept_connections_max are. Without it the connection may give way
    /// after websocket_patience.
    std::function<bool()> keep_place;

    /// Of a header, named in lower case; empty if there is none.
    [[nodiscard]] std::string_view header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string_view() : std::string_view(found->second);
    }
};

struct ServerResponse {
    ServerResponse() = default;
    /// Implicit, so that an endpoint may simply return its JSON answer.
    ServerResponse(const boost::json::value& value);

    unsigned status = 200;
    std::string content_type = "application/json";
    Headers headers;
    std::string body;
    bool compressible = true;  ///< false: `body` may not go out in gzip, although it is text
    /// Sent instead of `body`, streamed, whole or in ranges. It has a strong ETag unless `headers` says otherwise.
    std::optional<std::filesystem::path> file;
};

/// {"error": message}
ServerResponse to_response(const Refusal& refusal);

using Answer = OrRefusal<ServerResponse>;
using Handler = std::function<Task<Answer>(ServerRequest)>;
/// Inspects a request whose body has not been read yet, and may refuse it. Keeps strangers from filling the disk.
using Admission = std::function<OrRefusal<void>(const ServerRequest&)>;
/// The same for a body that goes into a file, with something that is kept for as long as the request is served: what
/// was set aside for it, say.
using FileAdmission = std::function<OrRefusal<std::shared_ptr<void>>(const ServerRequest&)>;
using WebSocketHandler = std::function<Task<>(WebSocket, ServerRequest)>;
class EventStream;  // http/event_stream.hpp
using EventStreamHandler = std::function<Task<>(EventStream, ServerRequest)>;

struct EventStreamOptions {
    std::size_t listeners_max = 16;             ///< at once; one more is answered 503
    std::size_t listeners_per_address_max = 8;  ///< not of this machine
    Milliseconds patience{10'000};              ///< how long a listener may take to accept an event
    Admission admission{};
};

class ServerCertificate;  // http/tls.hpp

struct ServerOptions {
    std::string host = "127.0.0.1";  ///< an IP address, or "localhost"
    std::uint16_t port = 0;          ///< 0: the system chooses
    std::string public_url{};        ///< how clients reach it through a reverse proxy; empty: directly
    /// Of strangers and of this machine's programs at once. The next one takes the place of the one that has waited for
    /// a request for the longest; if there is none, it is answered 503 (http/connection_limits.hpp).
    std::size_t connections_max = 256;
    std::size_t connections_per_address_max = 64;  ///< of strangers
    std::size_t kept_connections_max = 256;        ///< of peers that have proved who they are, besides
    /// How long a peer may take to begin a request, to send the next piece of a body, or to accept a piece of the
    /// answer.
    Milliseconds idle_timeout{60'000};
    std::shared_ptr<ServerCertificate> certificate{};        ///< none: HTTP without TLS
    Milliseconds header_time_max{10'000};                    ///< from its first byte to its last
    PaceOptions pace{};                                      ///< of bodies, requests' and answers'
    Milliseconds text_time_max{60'000};                      ///< of the body of a request that is no file
    Milliseconds websocket_patience{15'000};                 ///< see ServerRequest::keep_place
    std::vector<IpBlock> own_addresses = loopback_blocks();  ///< programs of this machine
    std::vector<IpBlock> trusted_proxies{};                  ///< whose X-Forwarded-For is believed
};

class Server {
public:
    struct Impl;
    Server(asio::any_io_executor executor, ServerOptions options);
    ~Server();

    // `pattern`: "/api/v1/jobs", "/objects/{name}"; if several match, the first one added counts. A longer body is
    // answered with 413, an unknown path with 404, a different method with 405. GET routes also answer HEAD.

    void route(std::string_view method, std::string_view pattern, std::uint64_t body_bytes_max, Handler handler);
    /// The body of a POST must be JSON, otherwise the answer is 400; for other methods it is ignored.
    void route_json(std::string_view method, std::string_view pattern, std::uint64_t body_bytes_max, Handler handler);
    /// The body is streamed into "<folder>/incoming-<n>.tmp" (0600; `folder` must be on the file system of the
    /// destination). A full disk is answered with 507. The owner of the folder must remove temporaries that a crash
    /// leaves there.
    void route_file(std::string_view method, std::string_view pattern, std::uint64_t body_bytes_max,
                    std::filesystem::path folder, Handler handler, FileAdmission admission = {});
    void route_websocket(std::string_view pattern, WebSocketHandler handler);
    /// GET: an answer of server-sent events, which ends when the handler returns (http/event_stream.hpp).
    void route_events(std::string_view pattern, EventStreamOptions options, EventStreamHandler handler);

    /// Binds and listens; Error: "cannot listen on 127.0.0.1:3000: address already in use; …".
    Result<void> listen();
    [[nodiscard]] std::uint16_t port() const;
    /// "http://127.0.0.1:3000", with TLS "https://…", or the public one.
    [[nodiscard]] std::string url() const;

    /// Serves until cancelled; then ends every connection and returns. An exception from a handler is logged and
    /// answered with 500; the server keeps running.
    Task<> run();

private:
    std::shared_ptr<Impl> impl_;
};

}  // namespace emeth::http
