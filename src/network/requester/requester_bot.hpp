// The requester bot: puts a new JOB on chain at regular intervals for as long as it runs. Its texts are the regular
// files of one folder. Io thread only.
#pragma once

#include <cstdint>
#include <filesystem>

#include "network/requester/requester.hpp"
#include "runtime/clock.hpp"

namespace emeth::network {

struct RequesterBotOptions {
    std::filesystem::path texts;  ///< datasets, used in name order, cyclically
    std::uint32_t interval_s = 60;
    JobRequest terms;  ///< of each JOB; `dataset` is set by the bot
};

/// Runs until cancelled. A request that fails is logged, and the next one is made on schedule.
Task<> run_requester_bot(Requester& requester, Clock& clock, RequesterBotOptions options);

}  // namespace emeth::network
