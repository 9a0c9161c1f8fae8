// How long a JOB takes on the workers that could get it: what is known before a deposit. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "node/workers/worker_info.hpp"
#include "runtime/result.hpp"
#include "statemachine/job.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

/// What training a JOB means, as far as chain and Storage API tell.
struct Workload {
    std::string model;
    std::uint32_t epochs = 0;
    std::uint64_t dataset_bytes = 0;
    std::uint64_t gas = 0;    ///< of the contract's cost model, not chain gas
    std::uint32_t draws = 0;  ///< verification_draws: evidence takes disk, too
};

/// Of a JOB that was taken. Its gas is that of the published formula; where it decides about a deposit, the contract is
/// asked. An Error if its param does not parse (any more).
Result<Workload> workload_of(const statemachine::Terms& terms, const trainer_protocol::NetworkRules& rules);
trainer_protocol::RoomNeeded room_of(const Workload& work);

/// Why the worker cannot train it, however much time there is; none: it can.
std::optional<std::string> why_unable(const WorkerInfo& worker, const Workload& work);

/// Seconds from the order to the submit on a worker that is able: fetching the dataset, the tokenizer, training,
/// validation and the upload. Training goes by the speed that the worker measured with this preset, for ordinary text;
/// where its operator set powerCapacity, the published rule (chain::finish_estimate_s) decides alone. `team`: workers
/// that train it together, of which `worker` is the slowest (team_speed.hpp).
std::int64_t finish_estimate_s(const Workload& work, const WorkerInfo& worker, std::uint32_t team = 1);

/// The same for text of which every byte is a token, as random bytes and rare characters are, which is the most that an
/// epoch trains (trainer_protocol/epoch_tokens.hpp): nobody sees a dataset before the deposit.
std::int64_t finish_estimate_at_worst_s(const Workload& work, const WorkerInfo& worker, std::uint32_t team = 1);

/// The part of it before the first step, on any worker.
std::int64_t dataset_estimate_s(std::uint64_t dataset_bytes);

struct SlowestWorker {
    const WorkerInfo* worker = nullptr;  ///< never null
    std::int64_t estimate_s = 0;
};

/// Of the workers that could get the JOB now, idle and able, the one with the longest estimate, and these estimates.
/// None if there is no such worker.
std::optional<SlowestWorker> slowest_idle_worker(const Workload& work, const std::vector<WorkerInfo>& workers,
                                                 std::uint32_t team = 1);
std::optional<std::int64_t> slowest_idle_estimate_s(const Workload& work, const std::vector<WorkerInfo>& workers,
                                                    std::uint32_t team = 1);
std::optional<std::int64_t> slowest_idle_estimate_at_worst_s(const Workload& work,
                                                             const std::vector<WorkerInfo>& workers,
                                                             std::uint32_t team = 1);

}  // namespace emeth::node
