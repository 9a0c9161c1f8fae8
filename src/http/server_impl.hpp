// State shared by a server's connections. Not for users of the library.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <memory>
#include <optional>

#include "http/cancellable_io.hpp"
#include "http/connection_limits.hpp"
#include "http/piece_buffers.hpp"
#include "http/router.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/refusal_tally.hpp"
#include "runtime/task_group.hpp"

namespace emeth::http {

class ConnectionPlace;  // http/connection_place.hpp

struct Server::Impl {
    Impl(asio::any_io_executor io_executor, ServerOptions server_options);

    /// Counts it, and tells the log if that is due.
    void note_refusal(std::string_view cause, const std::string& address, std::string_view detail = {});
    void tell_refusals();

    asio::any_io_executor executor;
    ServerOptions options;
    Tcp::acceptor acceptor;
    Router router;
    ConnectionLimits limits;
    std::map<ConnectionLimits::Id, ConnectionPlace*> places;  ///< of the connections that are open
    RefusalTally refusals;
    std::uint64_t incoming_files = 0;       ///< for naming temporaries
    std::optional<BlockingPool> file_pool;  ///< hashes and writes them; there is one if a route takes files
    PieceBuffers piece_buffers;
};

/// Serves requests until the peer ends the connection, a time is over, a WebSocket's handler returns, or the place is
/// given to somebody else. Throws nothing but operation_aborted.
Task<> serve_connection(std::shared_ptr<Server::Impl> server, Tcp::socket socket,
                        std::unique_ptr<ConnectionPlace> place);

}  // namespace emeth::http
