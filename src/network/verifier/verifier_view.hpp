// What a verifier is doing, for who looks at it: the JOBs that it has not judged yet, and its latest verdicts. Nothing
// in it is more than the chain and the Storage API tell everybody: no path, no address of a server.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "statemachine/types.hpp"

namespace emeth::network {

/// `postponed`: something is missing, or the last try failed; it is looked at again.
enum class CheckStage : std::uint8_t { checking, waiting, postponed };

struct UnjudgedJob {
    JobId job;
    CheckStage stage = CheckStage::waiting;
    std::int64_t for_s = 0;  ///< how long it has been in this stage
    std::string why{};       ///< what it waits for, as far as the last try has shown; empty: its turn alone
};

enum class Decision : std::uint8_t { passed, rejected, timed_out };

struct GivenVerdict {
    JobId job;
    Decision decision = Decision::passed;
    std::string reason{};   ///< of a rejection; one line
    std::uint64_t gas = 0;  ///< credited, where it passed
    std::int64_t at_unix_ms = 0;
};

struct VerifierView {
    static constexpr std::size_t verdicts_max = 50;
    static constexpr std::size_t unjudged_max = 100;

    std::size_t checks_max = 0;  ///< side by side
    std::size_t unjudged_total = 0;
    std::vector<UnjudgedJob> unjudged;   ///< at most unjudged_max: being checked, waiting, postponed
    std::vector<GivenVerdict> verdicts;  ///< since its start, the newest first
};

/// {checksMax, queueTotal, queue: [{job, stage, seconds, why?}], verdicts: [{job, verdict, reason?, gas?, at}]}.
boost::json::object to_json(const VerifierView& view);

}  // namespace emeth::network
