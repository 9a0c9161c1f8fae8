// report.json of `emeth soak`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace emeth::soak {

struct SoakReport {
    unsigned minutes = 0;
    std::uint64_t seed = 0;
    std::uint64_t kills = 0;         ///< SIGKILLs that hit a master, a worker or a trainer
    std::uint64_t restarts = 0;      ///< of the master
    std::uint64_t disturbances = 0;  ///< by the proxies: see CuttingProxy::disturbances()
    std::uint64_t jobs = 0;          ///< on chain
    std::uint64_t verified = 0;
    std::uint64_t in_time = 0;    ///< verified, or still on their way before their deadline
    std::uint64_t penalties = 0;  ///< Penalty events of the node's wallet
    /// Processes that were alive 5 s after the master or worker above them had died, or were left at the end.
    std::uint64_t orphans = 0;
    std::uint64_t crashes = 0;              ///< deaths of our processes by SIGABRT, SIGSEGV and the like
    std::uint64_t steps_trained_twice = 0;  ///< see lost_steps.hpp
    double rss_growth_mb = 0;           ///< MiB; the largest growth in one life of the master, see memory_growth.hpp
    std::vector<std::string> failures;  ///< what did not hold, a sentence each; empty: everything held
};

/// One JSON object whose keys are the names above.
std::string to_json_text(const SoakReport& report);

}  // namespace emeth::soak
