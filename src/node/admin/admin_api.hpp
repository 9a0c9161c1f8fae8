// What an operator may ask of a node. This room answers commands: it reads what the other rooms of the node know, and
// passes requests on to them (decline, withdraw, stop). Only the commands and their path to a running master belong
// here, no decision that a JOB depends on.
//
// This header: the methods behind the admin socket, which commands without a running master
// call directly. Io thread only.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <string>

#include "node/core/job_services.hpp"
#include "node/market/discovery.hpp"

namespace emeth::node {

class AdminApi {
public:
    /// How many open JOBs a listing judges; any more are only counted.
    static constexpr std::size_t judged_jobs_max = 100;

    /// All must outlive it; without a running master there is no discovery. `stop` ends the master.
    AdminApi(JobServices& services, const Discovery* discovery, const api_client::NetworkClock& network_clock,
             std::function<void()> stop)
        : services_(services), discovery_(discovery), network_clock_(network_clock), stop_(std::move(stop)) {}

    /// joblist {}, status {}, decline {job?}, withdraw {slot?}, stop {}. Error: unknown method, wrong parameters, or
    /// why it cannot be done.
    Task<Result<boost::json::value>> handle(std::string method, boost::json::object params);

    /// Open JOBs of the info server with what the node would do with each (its verdict, or until when it waits and
    /// why), what keeps it from taking any, the active JOBs of this node, and its workers.
    Task<Result<boost::json::value>> job_list();
    /// Workers, and every active JOB with its reason and the worker's progress.
    [[nodiscard]] boost::json::value status() const;
    /// Declines one JOB, or all active ones. Answers once each decline is decided durably; any that is not within 10 s
    /// is refused.
    Task<Result<boost::json::value>> decline(std::optional<JobId> only);
    Task<Result<boost::json::value>> withdraw(std::optional<std::uint64_t> slot);

private:
    [[nodiscard]] boost::json::array own_jobs() const;
    [[nodiscard]] boost::json::array workers() const;
    [[nodiscard]] boost::json::object own_job(const statemachine::Job& job) const;
    Task<boost::json::object> judged(JobId id, const NodeView& view);
    Task<boost::json::object> declined(JobId id);

    JobServices& services_;
    const Discovery* discovery_;
    const api_client::NetworkClock& network_clock_;
    std::function<void()> stop_;
};

}  // namespace emeth::node
