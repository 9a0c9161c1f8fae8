// What a server of the network answers a browser at /: the page of src/web, which shows what GET /api/v1/network says.
// A server that runs by itself says which one it is and whether it is ready, no more than /readyz tells everybody; a
// devnet has a page of the whole network instead (devnet/network_view.hpp). Io thread only.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/health_routes.hpp"
#include "http/server.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"
#include "web/snapshot_feed.hpp"

namespace emeth::network {

inline constexpr std::string_view network_path = "/api/v1/network";

/// Adds what a server answers at /; empty: the page of that server by itself.
using AddPage = std::function<void(http::Server& server)>;

/// {name, ready, reasons?}. `name`: "storage_api", "job_info_server", "verifier", "chain".
boost::json::object server_json(std::string_view name, const std::vector<std::string>& why_not_ready);

/// The page's files, and at network_path what it shows.
void add_network_page(http::Server& server, web::SnapshotFeed& feed, const http::Admission& admission);

/// The page of one server by itself. For everybody, also behind a proxy with a name of its own, but not for pages of
/// strangers.
class ServerPage {
public:
    ServerPage(const asio::any_io_executor& executor, std::string name, http::WhyNotReady why_not_ready, Clock& clock);
    ServerPage(const ServerPage&) = delete;
    ServerPage& operator=(const ServerPage&) = delete;

    /// The page must outlive the http::Server's run().
    void add_routes(http::Server& server);

private:
    Task<Result<boost::json::value>> look();

    std::string name_;
    http::WhyNotReady why_not_ready_;
    Clock& clock_;
    web::SnapshotFeed feed_;
};

}  // namespace emeth::network
