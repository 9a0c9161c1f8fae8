// The room of the workers: who is connected to this master, which JOB has which worker, what the workers are ordered to
// do and what they report. This header is its door: WorkerHub is all that pipelines and the market see of it.
// WorkerServer implements it over WebSocket sessions; the unit tests' hub and the simulator do so over the same
// ReservationBook and WorkerInbox.
//
// May enter: worker_protocol, trainer_protocol, http, crypto, runtime, and the types of statemachine. Never chain,
// storage or the pipeline: a hub knows leases, not what they are for.
//
// Io thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/workers/worker_inbox.hpp"
#include "node/workers/worker_info.hpp"
#include "runtime/task.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

class WorkerHub {
public:
    virtual ~WorkerHub() = default;

    [[nodiscard]] virtual std::vector<WorkerInfo> workers() const = 0;
    /// Connected workers that have proved themselves fit and that no JOB has reserved for work or needs as helpers,
    /// excluding those that are resting.
    [[nodiscard]] virtual std::size_t idle_workers() const = 0;

    /// Waits for an idle connected worker that is fit for what is wished, and reserves it for `job`, with as many of a
    /// team as are idle: first come, first served. The preferred one comes before others. A resting worker comes after
    /// all others, but for a locked deposit it is still better than none.
    virtual Task<Address> reserve(JobId job, WorkerWish wish) = 0;
    /// Called at start, after a grant, and when evidence must be shown: `worker`, connected or not, holds (job, lease).
    /// A worker that holds another lease of the JOB is told to stop. The inbox receives the reports of this lease; its
    /// first news says whether the worker is connected. It is closed when the lease is released or adopted again.
    virtual std::shared_ptr<WorkerInbox> adopt(JobId job, std::uint64_t lease, Address worker, Hold hold) = 0;
    /// Ends the reservation. `forget`: the workers that hold the JOB's files delete them, now or
    /// the next time they connect.
    virtual void release(JobId job, bool forget, std::string reason) = 0;
    /// How many workers in all are to train the JOB, which has been adopted for work. Those beside its holder are
    /// committed to it until it is released or wants no more than one.
    virtual void set_team(const JobId& job, std::uint32_t workers) = 0;

    /// The report is durable; the worker forgets it.
    virtual Task<> acknowledge(JobId job, std::uint64_t report_id) = 0;
    /// Orders to an absent worker are lost: WorkerConnected arrives when it is back, and the order is then sent again.
    virtual Task<> order(worker_protocol::Assign order) = 0;
    /// Members of its team and idle workers that could be called now to help with `job` at `rendezvous`: they can reach
    /// it, are not resting and were not called recently.
    [[nodiscard]] virtual std::size_t helpers_to_call(const JobId& job,
                                                      const trainer_protocol::Rendezvous& rendezvous) const = 0;
    /// Sent to all of these helpers. Those that are no members still count as idle: a JOB that needs a worker takes
    /// precedence.
    virtual Task<> order(worker_protocol::Join order) = 0;
    virtual Task<> order(worker_protocol::Upload order) = 0;
    virtual Task<> order(worker_protocol::Evidence order) = 0;

    /// Reports how a lease ended if its worker caused that: a worker whose leases fail rests (SickList). `counts`: the
    /// JOB is unlikely to be at fault.
    virtual void lease_failed(Address worker, bool counts) = 0;
    /// A JOB was given back because this worker, like any other that was asked, says that it can never be trained. From
    /// the second JOB on without a result in between, that counts as a failed lease.
    virtual void called_hopeless(const Address& worker) = 0;
    virtual void lease_fulfilled(Address worker) = 0;
};

}  // namespace emeth::node
