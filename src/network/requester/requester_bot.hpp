// The requester bot: while it runs, there is always a fresh JOB on chain every so often. Its texts are the regular
// files of one folder. Io thread only.
#pragma once

#include <cstdint>
#include <filesystem>

#include "network/requester/requester.hpp"
#include "runtime/clock.hpp"

namespace emeth::network {

struct RequesterBotOptions {
    std::filesystem::path texts;  ///< datasets, taken in name order, over and over
    std::uint32_t interval_s = 60;
    JobRequest terms;  ///< of each JOB; `dataset` is set by the bot
};

/// Until cancelled. A request that fails is logged, and the next one is made in its turn.
Task<> run_requester_bot(Requester& requester, Clock& clock, RequesterBotOptions options);

}  // namespace emeth::network
