// The JOB info server: GET /api/v1/jobs?status=N, a cache of the contract. Io thread only.
#pragma once

#include "chain/chain.hpp"
#include "http/server.hpp"
#include "network/info_server/job_index.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::network {

class InfoServerService {
public:
    static constexpr std::size_t answer_jobs_max = 10'000;

    /// All must outlive the service.
    InfoServerService(asio::any_io_executor executor, http::ServerOptions options, chain::Chain& chain,
                      api_client::ArtifactStore& storage, Clock& clock,
                      Milliseconds poll_interval = Milliseconds(1'000));

    Result<void> listen() { return server_.listen(); }
    [[nodiscard]] std::string url() const { return server_.url(); }
    /// Follows the chain and serves until cancelled. While the endpoint is down it serves what it knows; the header
    /// x-emeth-block says up to where.
    Task<> run();

private:
    Task<http::ServerResponse> list(http::ServerRequest request);
    Task<> follow();

    asio::any_io_executor executor_;
    JobIndex index_;
    Clock& clock_;
    Milliseconds poll_interval_;
    http::Server server_;
};

}  // namespace emeth::network
