// The JOB info server: GET /api/v1/jobs?status=N, a cache of the contract. Io thread only.
#pragma once

#include <boost/json/array.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "http/server.hpp"
#include "network/info_server/job_index.hpp"
#include "network/info_server/reason_lookups.hpp"
#include "network/server_page.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::network {

/// All must outlive the service.
struct InfoServerPorts {
    chain::Chain& chain;
    api_client::ArtifactStore& storage;
    Clock& clock;
};

struct InfoServerOptions {
    http::ServerOptions listen;
    Milliseconds poll_interval{1'000};  ///< of the chain
    AddPage add_page{};
};

class InfoServerService {
public:
    static constexpr std::size_t answer_jobs_max = 10'000;

    InfoServerService(asio::any_io_executor executor, InfoServerPorts ports, InfoServerOptions options);

    Result<void> listen() { return server_.listen(); }
    [[nodiscard]] std::string url() const { return server_.url(); }
    /// Follows the chain and serves until cancelled. While the endpoint is down it serves what it knows; the header
    /// x-emeth-block gives the block up to which that is complete, and /readyz says that it is not ready.
    Task<> run();
    /// Sentences for /readyz: why its list is not up to date; none: it is.
    Task<std::vector<std::string>> why_not_ready();

    /// The newest JOBs, of `status` or of all statuses, each as GET /api/v1/jobs lists it.
    [[nodiscard]] boost::json::array newest(std::optional<chain::JobStatus> status, std::size_t count_max) const;
    [[nodiscard]] std::map<chain::JobStatus, std::size_t> count_by_status() const { return index_.count_by_status(); }

private:
    Task<http::Answer> list(http::ServerRequest request);
    Task<> follow();

    asio::any_io_executor executor_;
    JobIndex index_;
    ReasonLookups reasons_;
    Clock& clock_;
    Milliseconds poll_interval_;
    bool is_current_ = false;  ///< the last update of the index succeeded
    ServerPage page_;
    http::Server server_;
};

}  // namespace emeth::network
