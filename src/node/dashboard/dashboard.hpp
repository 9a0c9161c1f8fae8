// The dashboard: what an operator sees of a running master in a browser, and does about it. This room serves the page
// (src/web) and what it asks for, beside the workers' WebSocket; it decides who may look and who may act, and passes
// everything else on to the room that knows. What it shows of the node is the admin socket's snapshot, so that the two
// cannot disagree.
//
// May enter: what the page is made of (http, web), and the store for the page of one JOB. No other room of the node:
// what the dashboard does is an operator's command.
//
// Io thread only.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <string>

#include "http/server.hpp"
#include "node/dashboard/access.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/log_ring.hpp"
#include "storage/job_store.hpp"
#include "web/snapshot_feed.hpp"

namespace emeth::node {

/// All must outlive the dashboard.
struct DashboardPorts {
    /// An operator's command: AdminApi::handle().
    std::function<Task<Result<boost::json::value>>(std::string method, boost::json::object params)> command;
    /// Ends a worker's connection; false: it is not connected.
    std::function<bool(const Address& worker)> disconnect;
    storage::JobStore& jobs;
    BlockingPool& pool;
    Clock& clock;
    const LogRing& log;
};

class Dashboard {
public:
    static constexpr std::size_t listeners_max = web::SnapshotFeed::listeners_max;

    Dashboard(const asio::any_io_executor& executor, DashboardPorts ports, DashboardAccess access);
    Dashboard(const Dashboard&) = delete;
    Dashboard& operator=(const Dashboard&) = delete;

    /// GET / and the page's files; below /api/v1/node: GET (the snapshot), GET events, GET jobs/{id}, GET log; POST
    /// decline, POST retry, POST disconnect, POST drain. The dashboard must outlive the http::Server's run().
    void add_routes(http::Server& server);

    /// Who may look at this node over HTTP and who may act, for other routes beside the dashboard's. They refer to the
    /// dashboard.
    [[nodiscard]] http::Admission reader() const {
        return [this](const http::ServerRequest& request) { return may_read(request, access_); };
    }
    [[nodiscard]] http::Admission actor() const {
        return [this](const http::ServerRequest& request) { return may_act(request, access_); };
    }

private:
    Task<http::Answer> job(http::ServerRequest request);
    Task<http::Answer> log(http::ServerRequest request);
    Task<http::Answer> decline(http::ServerRequest request);
    Task<http::Answer> retry(http::ServerRequest request);
    Task<http::Answer> drain(http::ServerRequest request);
    Task<http::Answer> disconnect(http::ServerRequest request);
    Task<http::Answer> carry_out_on_job(std::string method, http::ServerRequest request);
    Task<http::Answer> carry_out(std::string method, boost::json::object params);

    DashboardPorts ports_;
    DashboardAccess access_;
    web::SnapshotFeed feed_;
};

}  // namespace emeth::node
