#include "http/server.hpp"

#include <fmt/format.h>

#include <boost/asio/write.hpp>

#include "http/connection_place.hpp"
#include "http/event_stream.hpp"
#include "http/server_impl.hpp"
#include "runtime/clock.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "runtime/redaction.hpp"
#include "runtime/shutdown.hpp"

namespace emeth::http {
namespace {

constexpr Milliseconds accept_pause{200};
constexpr std::size_t file_threads = 2;
constexpr std::string_view busy_answer =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
    "40\r\n\r\n"
    "{\"error\":\"too many connections at once\"}";

/// A fresh socket's send buffer is empty, so this does not block.
void refuse(Tcp::socket socket) {
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(busy_answer), ignored);
}

/// Null: there is none. Whoever has to give way is told.
std::unique_ptr<ConnectionPlace> take_place(const std::shared_ptr<Server::Impl>& server,
                                            const asio::ip::address& peer) {
    const auto decision = server->limits.admit(peer, system_clock().monotonic());
    if (decision.displaced) {
        const auto displaced = server->places.find(*decision.displaced);
        if (displaced != server->places.end()) {
            server->note_refusal("a connection gave its place to a new one", displaced->second->peer().to_string());
            displaced->second->give_way();
        }
    }
    if (!decision.place) {
        server->note_refusal(decision.why_refused, peer.to_string());
        return nullptr;
    }
    return std::make_unique<ConnectionPlace>(server, *decision.place, peer);
}

Task<> accept_connections(std::shared_ptr<Server::Impl> server, TaskGroup* children) {
    for (;;) {
        auto accepting = server->acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
        auto [error, socket] = co_await std::move(accepting);
        if (error == asio::error::operation_aborted) co_return;
        if (error) {
            server->note_refusal("a connection cannot be accepted", "?", error.message());
            auto pause = system_clock().sleep(accept_pause);
            co_await std::move(pause);
            continue;
        }
        close_on_exec(socket.native_handle());
        socket.set_option(Tcp::no_delay(true), error);  // else the end of an answer may wait for the peer's ACK
        const Tcp::endpoint peer = socket.remote_endpoint(error);
        if (error) continue;  // it has gone already
        auto place = take_place(server, peer.address());
        if (place == nullptr)
            refuse(std::move(socket));
        else
            children->start(serve_connection(server, std::move(socket), std::move(place)));
    }
}

Task<> tell_refusals(std::shared_ptr<Server::Impl> server) {
    for (;;) {
        auto pause = system_clock().sleep(RefusalTally::line_interval);
        co_await std::move(pause);
        server->tell_refusals();
    }
}

Task<Answer> answer_json(Handler handler, ServerRequest request) {
    if (request.method == "POST") {
        Result<boost::json::value> json = parse_json(request.body, request.body.size(), "the request");
        if (json.has_error()) co_return malformed(json.error().message);
        request.json = std::move(*json);
    }
    auto answering = handler(std::move(request));
    co_return co_await std::move(answering);
}

}  // namespace

ServerResponse::ServerResponse(const boost::json::value& value) : body(json_text(value)) {}

ServerResponse to_response(const Refusal& refusal) {
    ServerResponse response(boost::json::value{{"error", refusal.message}});
    response.status = refusal.status;
    return response;
}

Server::Server(asio::any_io_executor executor, ServerOptions options)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(options))) {}
Server::~Server() = default;

void Server::route(std::string_view method, std::string_view pattern, std::uint64_t body_bytes_max, Handler handler) {
    Route route;
    route.method = method;
    route.body_bytes_max = body_bytes_max;
    route.handler = std::move(handler);
    impl_->router.add(pattern, std::move(route));
}

void Server::route_json(std::string_view method, std::string_view pattern, std::uint64_t body_bytes_max,
                        Handler handler) {
    route(method, pattern, body_bytes_max,
          [handler = std::move(handler)](ServerRequest request) { return answer_json(handler, std::move(request)); });
}

void Server::route_file(std::string_view method, std::string_view pattern, std::uint64_t body_bytes_max,
                        std::filesystem::path folder, Handler handler, FileAdmission admission) {
    Route route;
    route.method = method;
    route.body_bytes_max = body_bytes_max;
    route.file = FileBody{std::move(folder), std::move(admission)};
    if (!impl_->file_pool) impl_->file_pool.emplace(file_threads);
    route.handler = std::move(handler);
    impl_->router.add(pattern, std::move(route));
}

void Server::route_websocket(std::string_view pattern, WebSocketHandler handler) {
    Route route;
    route.method = "GET";
    route.websocket = std::move(handler);
    impl_->router.add(pattern, std::move(route));
}

void Server::route_events(std::string_view pattern, EventStreamOptions options, EventStreamHandler handler) {
    Route route;
    route.method = "GET";
    auto listeners = std::make_shared<EventListeners>(options.listeners_max, options.listeners_per_address_max);
    route.events = EventsRoute{std::move(options), std::move(handler), std::move(listeners)};
    impl_->router.add(pattern, std::move(route));
}

Result<void> Server::listen() {
    ignore_sigpipe();  // files go out by sendfile, which cannot be told to raise none
    ServerOptions& options = impl_->options;
    error_code error;
    const asio::ip::address address =
        asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, error);
    if (error)
        return permanent_error(fmt::format(
            "cannot listen on '{}': it is no IP address of this machine; 127.0.0.1 serves local programs only",
            redacted(options.host)));
    const Tcp::endpoint endpoint(address, options.port);
    impl_->acceptor.open(endpoint.protocol(), error);
    if (!error) close_on_exec(impl_->acceptor.native_handle());
    if (!error) impl_->acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) impl_->acceptor.bind(endpoint, error);
    if (!error) impl_->acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
        error_code ignored;
        impl_->acceptor.close(ignored);
        return permanent_error(
            fmt::format("cannot listen on {}:{}: {}; stop the program that uses it or choose another address or port",
                        options.host, options.port, error.message()));
    }
    options.port = impl_->acceptor.local_endpoint().port();
    return {};
}

std::uint16_t Server::port() const {
    return impl_->options.port;
}

std::string Server::url() const {
    if (!impl_->options.public_url.empty()) return impl_->options.public_url;
    const bool is_ipv6 = impl_->options.host.find(':') != std::string::npos;
    const std::string_view scheme = impl_->options.certificate ? "https" : "http";
    return fmt::format(fmt::runtime(is_ipv6 ? "{}://[{}]:{}" : "{}://{}:{}"), scheme, impl_->options.host, port());
}

Task<> Server::run() {
    const std::shared_ptr<Impl> impl = impl_;
    // As many again may be ending, since their place was given to others.
    TaskGroup children(impl->executor, 2 * impl->limits.connections_max() + 2);
    children.start(accept_connections(impl, &children));
    children.start(tell_refusals(impl));
    auto joining = children.join();
    co_await std::move(joining);
}

}  // namespace emeth::http
