// What others may know about a worker, and what a JOB holds it for.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/clock.hpp"
#include "statemachine/delivery.hpp"
#include "statemachine/types.hpp"
#include "trainer_protocol/messages.hpp"
#include "trainer_protocol/segments.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

struct WorkerInfo {
    Address address;
    bool connected = false;
    std::uint64_t power_capacity = 0;  ///< set by its operator; 0: what it has measured counts
    std::optional<JobId> job;          ///< reserved for its work
    std::optional<JobId> helps{};      ///< called, or committed, to train a share of this JOB
    Milliseconds rest{0};              ///< not zero: its leases failed (SickList), and it gets no new JOB for this long
    std::optional<worker_protocol::Fitness> fitness{};  ///< none: it has not proved itself yet
    bool is_committed = false;  ///< to the JOB that it helps, whose team it belongs to: it is not idle
    std::string peer{};         ///< the IP address that it dials from
    std::string cooperative_host = trainer_protocol::CooperationOptions{}.host;  ///< where others reach its trainer
};

/// What a JOB needs workers for, and whom it would rather have.
struct WorkerWish {
    std::optional<Address> preferred{};  ///< may hold files of the JOB
    std::string model{};                 ///< the preset to train; empty: any worker that is fit will do
    trainer_protocol::RoomNeeded room{};
    /// Seconds from the order to the submit on a worker that is fit; none: not known.
    std::function<std::int64_t(const WorkerInfo& worker)> estimate_s{};
    std::optional<Milliseconds> due{};  ///< monotonic, of its deadline; none: not known
    std::uint32_t team = 1;             ///< workers in all: the leader and those that help it
};

/// Connected, held for no JOB, committed to none, not resting, and fit for some preset.
bool is_idle(const WorkerInfo& worker);
/// As the JOB sees them: it may take the members of its own team for something else, so that these are idle to it.
std::vector<WorkerInfo> as_seen_by(const JobId& job, std::vector<WorkerInfo> workers);

/// Whether the trainer of `helper` can reach that of `leader`. One that listens on a loopback address can be reached
/// only from its own machine.
bool can_reach(const WorkerInfo& helper, const WorkerInfo& leader);

/// Why this worker gets no JOB of `model`, of whatever size; none: it is fit for it. Empty `model`: of any preset.
std::optional<std::string> why_unfit(const std::optional<worker_protocol::Fitness>& fitness, const std::string& model);
/// Why a JOB that takes so much does not fit on its disk now; none: it does.
std::optional<std::string> why_no_room(const worker_protocol::Fitness& fitness,
                                       const trainer_protocol::RoomNeeded& room);

/// What a JOB holds its worker for; never `nobody` where a worker is reserved.
using Hold = statemachine::WorkerHold;

}  // namespace emeth::node
