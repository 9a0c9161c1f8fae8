// What others may know about a worker, and what a JOB holds it for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/clock.hpp"
#include "statemachine/delivery.hpp"
#include "statemachine/types.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

struct WorkerInfo {
    Address address;
    bool connected = false;
    std::uint64_t power_capacity = 0;  ///< set by its operator; 0: what it has measured counts
    std::optional<JobId> job;          ///< reserved for its work
    std::optional<JobId> helps{};      ///< idle, but called to train a share of this JOB
    Milliseconds rest{0};              ///< not zero: its leases failed (SickList), and it gets no new JOB for this long
    std::optional<worker_protocol::Fitness> fitness{};  ///< none: it has not proved itself yet
};

/// What a JOB needs a worker for, and whom it would rather have.
struct WorkerWish {
    std::optional<Address> preferred{};  ///< may hold files of the JOB
    std::string model{};                 ///< the preset to train; empty: any worker that is fit will do
    std::uint64_t disk_bytes = 0;        ///< what the JOB takes on the worker's disk, its states included
    std::uint64_t states_bytes = 0;      ///< what it takes of model_cached_size
};

/// Whether the worker has room for the JOB; it may have kept the room for something else meanwhile.
inline bool has_room(const std::optional<worker_protocol::Fitness>& fitness, const WorkerWish& wish) {
    return fitness && fitness->disk_free_bytes >= wish.disk_bytes && fitness->states_free_bytes >= wish.states_bytes;
}

/// Why this worker gets no JOB of `model`, of whatever size; none: it is fit for it.
inline std::optional<std::string> why_unfit(const std::optional<worker_protocol::Fitness>& fitness,
                                            const std::string& model) {
    if (!fitness) return "it has not proved yet what it can train";
    if (!fitness->unfit.empty()) return fitness->unfit;
    if (!model.empty() && !fitness->tokens_per_s.contains(model)) return model + " does not fit into its memory";
    return std::nullopt;
}

/// What a JOB holds its worker for; never `nobody` where a worker is reserved.
using Hold = statemachine::WorkerHold;

}  // namespace emeth::node
