// The JOB info server: GET /api/v1/jobs?status=N, a cache of the contract. Io thread only.
#pragma once

#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "http/server.hpp"
#include "network/info_server/job_index.hpp"
#include "network/info_server/reason_lookups.hpp"
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

private:
    Task<http::Answer> list(http::ServerRequest request);
    Task<> follow();
    Task<std::vector<std::string>> why_not_ready();

    asio::any_io_executor executor_;
    JobIndex index_;
    ReasonLookups reasons_;
    Clock& clock_;
    Milliseconds poll_interval_;
    bool is_current_ = false;  ///< the last update of the index succeeded
    http::Server server_;
};

}  // namespace emeth::network
