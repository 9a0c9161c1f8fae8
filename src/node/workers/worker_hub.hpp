// The workers of a master, as its pipelines see them: a port, implemented over WebSocket sessions by WorkerServer and
// by the simulation. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

struct WorkerConnected {};  ///< the holder of the lease is (again) there: send it the order
struct WorkerDisconnected {
    std::string reason;
};

struct WorkerNews {
    std::uint64_t report_id = 0;  ///< not 0: acknowledge after the commit
    std::uint64_t lease = 0;
    std::variant<WorkerConnected, WorkerDisconnected, worker_protocol::ReportBody> body;
};

struct WorkerInfo {
    Address address;
    bool connected = false;
    std::uint64_t power_capacity = 0;
    std::optional<JobId> job;      ///< reserved for
    std::optional<JobId> helps{};  ///< idle, but called to train a share of this JOB
    Milliseconds rest{0};          ///< not zero: its leases failed (SickList), it gets no new JOB for so long
};

/// What a JOB holds its worker for.
enum class Hold : std::uint8_t {
    work,   ///< the worker does nothing else
    files,  ///< it packs and uploads what it keeps, beside the work on another JOB
};

class WorkerHub {
public:
    virtual ~WorkerHub() = default;

    [[nodiscard]] virtual std::vector<WorkerInfo> workers() const = 0;
    /// Connected workers that no JOB has reserved, without those that rest.
    [[nodiscard]] virtual std::size_t idle_workers() const = 0;

    /// Waits for an idle connected worker (`preferred`, who may hold files of the JOB, before others when both are
    /// idle) and reserves it for `job`. One that rests comes after all others: for a deposit that is locked it is still
    /// better than none.
    virtual Task<Address> reserve(JobId job, std::optional<Address> preferred) = 0;
    /// At start, after a grant, and when evidence is to be shown: (job, lease) is held by `worker`, connected or not.
    /// Reports of this lease come from next_news() from now on; a worker that holds another lease of the JOB is told to
    /// stop.
    virtual void adopt(JobId job, std::uint64_t lease, Address worker, Hold hold) = 0;
    /// Ends the reservation. `forget`: the worker deletes the JOB's files, now or when it connects next.
    virtual void release(JobId job, bool forget, std::string reason) = 0;

    /// The next fact about the JOB's worker, from a bounded inbox (Progress reports are dropped when it is full; others
    /// wait at the worker). The first one after adopt() tells whether the worker is connected.
    virtual Task<WorkerNews> next_news(JobId job) = 0;
    /// The report is durable; the worker forgets it.
    virtual Task<> acknowledge(JobId job, std::uint64_t report_id) = 0;
    /// Orders are lost when the worker is away: WorkerConnected comes when it is back, and the order is then sent
    /// again.
    virtual Task<> order(worker_protocol::Assign order) = 0;
    /// Idle workers that could be called now to help with `job` at `rendezvous`: they reach it and rest not, and
    /// whoever was called lately is left in peace.
    [[nodiscard]] virtual std::size_t helpers_to_call(const JobId& job,
                                                      const trainer_protocol::Rendezvous& rendezvous) const = 0;
    /// To all of them. They are idle all the same: whoever needs a worker takes them away.
    virtual Task<> order(worker_protocol::Join order) = 0;
    virtual Task<> order(worker_protocol::Upload order) = 0;
    virtual Task<> order(worker_protocol::Evidence order) = 0;

    /// How a lease ended, where that was its worker's doing: one whose leases fail rests (SickList). `counts`: it is
    /// hardly the JOB's fault.
    virtual void lease_failed(Address worker, bool counts) = 0;
    virtual void lease_fulfilled(Address worker) = 0;
};

}  // namespace emeth::node
