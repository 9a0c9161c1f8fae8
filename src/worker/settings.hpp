// What a worker is told: from its .env file, the environment and flags.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "http/client.hpp"
#include "runtime/clock.hpp"
#include "runtime/energy_counters.hpp"
#include "runtime/env_config.hpp"
#include "runtime/retry_policy.hpp"
#include "runtime/setting.hpp"
#include "statemachine/types.hpp"
#include "trainer_protocol/messages.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::worker {

/// How long it takes to notice a hung trainer or a dead connection; the work is then resumed from where it stands.
struct StallLimits {
    Milliseconds wait_data{60'000};      ///< no byte of a dataset or of a part of the artifact moves
    Milliseconds idle{1'800'000};        ///< the trainer says nothing before its first step (tokenizer, token file)
    Milliseconds learning{600'000};      ///< the trainer completes no step
    Milliseconds checkpoint{1'800'000};  ///< the trainer says nothing after its last step (validation, artifact)
};

inline constexpr std::uint64_t gigabyte = 1'000'000'000;

/// Key, meaning and bounds of what is a setting stand in the tables of settings.cpp, defaults here.
struct WorkerSettings {
    http::Url master;                       ///< ws or wss, with the path of the session
    std::string ca;                         ///< whom clients trust besides the system's; in force since it was read
    std::optional<Address> master_address;  ///< the address that the master must prove; absent: any master will do
    std::uint64_t power_capacity = 0;       ///< 0: the speeds that the worker measures count
    trainer_protocol::ComputeOptions compute;
    std::filesystem::path data;
    std::filesystem::path trainer;  ///< the program emeth-trainer
    std::filesystem::path energy_counters = EnergyCounters::system_folder;
    StallLimits limits;
    trainer_protocol::CooperationOptions cooperation;  ///< where and how this worker meets others on one JOB
    std::uint64_t states_bytes_max = 500 * gigabyte;   ///< for states kept until their verdicts, all JOBs together
    std::string log_level = "info", log_format = "text";
    std::uint64_t disk_reserve_bytes = std::uint64_t{1} << 30;  ///< kept free on top of what a JOB needs
    RetryPolicy reconnect{Milliseconds(1'000), 2, Milliseconds(30'000), 0.5};
    RetryPolicy part_retry{Milliseconds(1'000), 2, Milliseconds(4'000), 0.25};
    RetryPolicy trainer_restart{Milliseconds(1'000), 2, Milliseconds(60'000), 0.25};
};

/// Every setting of a worker.
std::vector<SettingDeclaration> worker_settings();
/// Those of how it trains, without who it is and whom it serves: a worker on its master's machine takes them from the
/// master's file.
std::vector<SettingDeclaration> training_settings();

/// The values of training_settings(), checked; everything else is as in a new WorkerSettings.
Result<WorkerSettings> read_training_settings(const EnvConfig& config);

/// Checks every value; the error names key, value, place and remedy. The worker's private key is not read here.
Result<WorkerSettings> read_settings(const EnvConfig& config, std::filesystem::path data);

}  // namespace emeth::worker
