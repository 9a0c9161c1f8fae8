// What a worker is told: from its .env file, the environment and flags (config/worker.env explains each).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "http/client.hpp"
#include "runtime/clock.hpp"
#include "runtime/env_config.hpp"
#include "runtime/retry_policy.hpp"
#include "statemachine/types.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::worker {

/// A hung trainer or a dead connection is noticed after this long, and the work done again from where it stands.
struct StallLimits {
    Milliseconds wait_data{60'000};  ///< timeout_wait_data: no byte of a dataset or an artifact's part moves
    Milliseconds idle{
        1'800'000};  ///< timeout_idle: before the first step (tokenizer, token file) the trainer says nothing
    Milliseconds learning{600'000};  ///< timeout_learning: while it trains, no step is done
    Milliseconds checkpoint{
        1'800'000};  ///< timeout_checkpoint: after the last step (validation, artifact) the trainer says nothing
};

inline constexpr std::uint64_t gigabyte = 1'000'000'000;

struct WorkerSettings {
    http::Url master;                       ///< ws or wss, with the path of the session
    std::optional<Address> master_address;  ///< who the master must prove to be; any master when absent
    std::uint64_t power_capacity = 27'300;  ///< of one RTX 3080, as the network publishes it
    trainer_protocol::ComputeOptions compute;
    std::filesystem::path data;
    std::filesystem::path trainer;  ///< the program emeth-trainer
    StallLimits limits;
    trainer_protocol::CooperationOptions cooperation;  ///< where and how this worker meets others on one JOB
    std::uint64_t states_bytes_max = 500 * gigabyte;   ///< of states kept until their verdicts, of all JOBs together
    std::uint64_t disk_reserve_bytes = std::uint64_t{1} << 30;  ///< left free beside what a JOB needs
    RetryPolicy reconnect{Milliseconds(1'000), 2, Milliseconds(30'000), 0.5};
    RetryPolicy part_retry{Milliseconds(1'000), 2, Milliseconds(4'000), 0.25};
    RetryPolicy trainer_restart{Milliseconds(1'000), 2, Milliseconds(60'000), 0.25};
};

/// The keys of the configuration, for flags and for the check of the file.
const std::set<std::string>& worker_keys();

/// Every value checked; the error names key, value, place and remedy. The worker's key is not read here.
Result<WorkerSettings> read_settings(const EnvConfig& config, std::filesystem::path data);

}  // namespace emeth::worker
