// State shared by a server's connections. Not for users of the library.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "http/cancellable_io.hpp"
#include "http/router.hpp"
#include "runtime/task_group.hpp"

namespace emeth::http {

struct Server::Impl {
    Impl(asio::any_io_executor io_executor, ServerOptions server_options)
        : executor(std::move(io_executor)), options(std::move(server_options)), acceptor(executor) {}

    asio::any_io_executor executor;
    ServerOptions options;
    Tcp::acceptor acceptor;
    Router router;
    std::uint64_t incoming_files = 0;  ///< for naming temporaries
};

/// Serves requests until the peer ends the connection, an idle timeout occurs, or a WebSocket's handler returns. Throws
/// nothing but operation_aborted.
Task<> serve_connection(std::shared_ptr<Server::Impl> server, Tcp::socket socket);

}  // namespace emeth::http
