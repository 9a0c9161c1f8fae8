// The master's answers to a monitoring system: /metrics, /healthz, /readyz. Io thread only.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "chain/rpc/rpc_tally.hpp"
#include "http/server.hpp"
#include "node/metrics/counting_job_store.hpp"
#include "node/snapshot/snapshot.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/brief_cache.hpp"
#include "runtime/clock.hpp"
#include "storage/store.hpp"

namespace emeth::node {

/// All of it must outlive the monitoring.
struct MonitoringPorts {
    std::function<Task<Result<Snapshot>>()> snapshot;
    const CountingJobStore& jobs;
    storage::NodeStore& store;
    const chain::RpcTally& rpc;
    BlockingPool& pool;
    const Clock& clock;
    std::filesystem::path data;         ///< the folder whose disk space counts
    std::function<Wei()> slot_rewards;  ///< withdrawn since the process started
};

/// How long after its last answer the chain still counts as answering: a few rounds of NetworkPulse.
inline constexpr std::int64_t chain_silence_max_ms = 60'000;

/// Why the master does not advance: the store cannot be written (`store`), or the chain has not answered for a while. A
/// master that is ending answers nobody. Pure; the sentences name neither endpoint nor path.
std::vector<std::string> why_not_ready(const Result<void>& store, const std::optional<NetworkStatus>& network,
                                       std::int64_t now_unix_ms);

class Monitoring {
public:
    explicit Monitoring(MonitoringPorts ports)
        : ports_(std::move(ports)), brief_([this] { return metrics(); }, ports_.clock) {}

    // The monitoring must outlive the server's run().

    /// GET /healthz and /readyz, for everybody but pages of strangers.
    void add_health_routes(http::Server& server);
    /// GET /metrics, for those whom `reader` admits; computed once a second at most.
    void add_metrics_route(http::Server& server, http::Admission reader);

    Task<std::string> metrics();
    Task<std::vector<std::string>> not_ready();

private:
    Task<http::Answer> answer_metrics();

    MonitoringPorts ports_;
    BriefCache<std::string> brief_;  ///< of metrics()
};

}  // namespace emeth::node
