// The soak: JOBs requested all the time, kills at random, a network that comes and goes; then a quiet end, and the
// account. Io thread only.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "harness/live_display.hpp"
#include "network/devnet/devnet.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "runtime/task_group.hpp"
#include "soak/cutting_proxy.hpp"
#include "soak/lost_steps.hpp"
#include "soak/soak_report.hpp"
#include "soak/tended_node.hpp"

namespace emeth::soak {

/// One in front of each service that the node talks to.
struct Proxies {
    CuttingProxy& endpoint;
    CuttingProxy& info_server;
    CuttingProxy& storage_api;
    [[nodiscard]] std::array<CuttingProxy*, 3> all() const { return {&endpoint, &info_server, &storage_api}; }
};

class Soak {
public:
    /// All arguments must outlive it. The caller serves `devnet`, whose Storage API already names its proxy.
    /// `report` holds minutes and seed.
    Soak(asio::any_io_executor executor, network::Devnet& devnet, Proxies proxies, TendedNode& node,
         harness::LiveDisplay& display, std::filesystem::path folder, SoakReport& report);

    /// Fills the report. An Error if anything did not hold; report.failures lists all of it.
    Task<Result<void>> run();

private:
    Task<> tell();
    Task<Result<void>> story();
    Task<> request_jobs();
    Task<> kill();
    Task<> watch_node();
    Task<> watch_chain();
    Task<Result<void>> request_one();
    Task<> pass(Milliseconds until);
    void show();

    // account.cpp
    Task<Result<void>> account();
    Task<Result<void>> count_jobs();
    Task<Result<void>> count_penalties();
    Task<Result<void>> inspect_store();
    void judge();

    [[nodiscard]] std::uint64_t open_jobs() const;
    [[nodiscard]] Milliseconds elapsed() const;

    asio::any_io_executor executor_;
    network::Devnet& devnet_;
    Proxies proxies_;
    TendedNode& node_;
    harness::LiveDisplay& display_;
    std::filesystem::path folder_;
    SoakReport& report_;
    TaskGroup group_;
    std::mt19937_64 kill_random_, text_random_;
    std::string book_;
    std::set<JobId> jobs_;                        ///< all that were requested
    std::map<JobId, chain::JobStatus> statuses_;  ///< as seen last
    SeenSteps seen_;
    Milliseconds begun_, shown_at_{0};
    bool quiet_ = false;
    Result<void> outcome_;
};

}  // namespace emeth::soak
