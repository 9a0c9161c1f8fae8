// What an operator may ask of a node. This room answers commands: it reads what the other rooms of the node know, and
// passes requests on to them (decline, withdraw, stop). Only the commands and their path to a running master belong
// here, no decision that a JOB depends on.
//
// This header: the methods behind the admin socket, which commands without a running master
// call directly. Io thread only.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <string>

#include "node/core/config.hpp"
#include "node/core/job_services.hpp"
#include "node/market/discovery.hpp"
#include "node/snapshot/network_pulse.hpp"
#include "node/snapshot/snapshot.hpp"
#include "runtime/log_ring.hpp"

namespace emeth::node {

/// What the commands read and act upon. All must outlive them.
struct AdminPorts {
    JobServices& services;
    const chain::Constants& constants;
    const NodeConfig& config;
    const api_client::NetworkClock& network_clock;
    const Discovery* discovery = nullptr;   ///< none without a running master
    const NetworkPulse* network = nullptr;  ///< the same
    const LogRing* log = nullptr;           ///< the same
};

class AdminApi {
public:
    /// How many open JOBs a listing judges; any more are only counted.
    static constexpr std::size_t judged_jobs_max = 100;
    static constexpr std::uint64_t reward_days_max = 366;

    /// `stop` ends the master.
    AdminApi(const AdminPorts& ports, std::function<void()> stop) : ports_(ports), stop_(std::move(stop)) {}

    /// status {}, jobs {}, workers {}, joblist {}, refusals {}, log {}, rewards {days?}, drain {on}, decline {job?},
    /// retry {job}, withdraw {slot?}, stop {}. Error: unknown method, wrong parameters, or why it cannot be done.
    Task<Result<boost::json::value>> handle(std::string method, boost::json::object params);

    /// What the node is now; asks nobody but the store.
    Task<Result<Snapshot>> snapshot();
    /// The open JOBs of the info server with what the node would do with each (its verdict, or until when it waits and
    /// why), what keeps it from taking any, and the snapshot's JOBs and workers. A server that is away hides nothing
    /// of the rest: `marketTrouble` says so. `only`: of the open JOBs, this one, and its expected value term by term.
    Task<Result<boost::json::value>> job_list(std::optional<JobId> only);
    /// Declines one JOB, or all active ones. Answers once each decline is decided durably; any that is not within 10 s
    /// is refused.
    Task<Result<boost::json::value>> decline(std::optional<JobId> only);
    /// Tries the failed step of a JOB again at once. An Error of a JOB that waits for no retry.
    Result<boost::json::value> retry(std::optional<JobId> job);
    Task<Result<boost::json::value>> withdraw(std::optional<std::uint64_t> slot);
    /// Why JOBs were not taken, with how many each reason kept out; of the newest that the store remembers.
    Task<Result<boost::json::value>> refusals();
    /// The newest lines of the running master's log.
    [[nodiscard]] boost::json::value log() const;
    /// Day by day, today first: what JOBs and slots brought. `chainTrouble` says why the slots are missing.
    Task<Result<boost::json::value>> rewards(std::uint64_t days);
    /// From now on no JOB is taken, or taken again.
    Task<Result<boost::json::value>> drain(bool on);

private:
    Task<Result<boost::json::object>> market(std::optional<JobId> only, bool drained);
    Task<Result<std::vector<chain::Slot>>> slots(std::uint64_t last, std::uint64_t count);
    Task<boost::json::object> judged(JobId id, const NodeView& view, bool explain);
    Task<boost::json::object> declined(JobId id);

    AdminPorts ports_;
    std::function<void()> stop_;
};

}  // namespace emeth::node
