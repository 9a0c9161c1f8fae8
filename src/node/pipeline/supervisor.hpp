// All running JOBs: starts a pipeline for each, answers questions about them and passes on the operator's requests. Io
// thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "node/market/prospector.hpp"
#include "node/pipeline/pipeline.hpp"
#include "runtime/task_group.hpp"

namespace emeth::node {

class Supervisor {
public:
    static constexpr std::size_t jobs_max = 4'096;

    /// Receives each JOB whose end has become durable.
    using OnEnd = std::function<void(const statemachine::Job&)>;

    /// `group` runs the pipelines; it and all ports must outlive the supervisor. `deposit_rate`
    /// is in units of 1/100000.
    Supervisor(asio::any_io_executor executor, TaskGroup& group, PipelinePorts ports, PipelineSettings settings,
               std::uint64_t deposit_rate, OnEnd on_end);

    /// At start: creates the pipelines of active JOBs and tells the hub about their leases; nothing runs yet.
    void prepare(std::vector<statemachine::Job> active);
    /// Starts what was prepared. `reason` is recorded in each history.
    void start_prepared(const std::string& reason);
    /// Starts the pipeline of a newly created JOB.
    void take_on(statemachine::Job job);

    /// What JOBs without a worker or a locked deposit are going to need.
    [[nodiscard]] Commitments commitments(std::optional<JobId> except) const;
    void for_each(const std::function<void(const statemachine::Job&)>& visit) const;
    [[nodiscard]] bool empty() const { return pipelines_.empty(); }
    /// Null: no such JOB is active.
    [[nodiscard]] const statemachine::Job* find(const JobId& id) const;
    /// Error: not active, or too late.
    Result<void> request_decline(const JobId& id, const std::string& reason);
    /// Error: not active, or it waits for no retry.
    Result<void> retry_now(const JobId& id);
    /// The back-off on its record counts no more, since the operator wanted that.
    [[nodiscard]] bool retries_now(const JobId& id) const;

private:
    using PipelinePtr = std::shared_ptr<Pipeline>;
    Result<PipelinePtr> active(const JobId& id) const;
    PipelinePtr add(statemachine::Job job);
    void start(const PipelinePtr& pipeline, std::string restart_reason);
    Task<> run(PipelinePtr pipeline, std::string restart_reason);

    asio::any_io_executor executor_;
    TaskGroup& group_;
    PipelinePorts ports_;
    PipelineSettings settings_;
    std::uint64_t deposit_rate_;
    OnEnd on_end_;
    std::map<JobId, PipelinePtr> pipelines_;
};

}  // namespace emeth::node
