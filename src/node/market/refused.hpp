// Why a JOB is not taken.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace emeth::node {

/// What selection looks at, in this order.
enum class Ground : std::uint8_t {
    status,
    filters,
    param,
    spec,
    dataset,
    fee,
    hour,
    payout,
    allowance,
    worker,
    deadline,
    value,
    deposit,
    gas_money,
    disk
};

/// What a JOB that it refuses lacks, in a few words: for counts, where the sentences with their numbers differ.
std::string_view name(Ground ground);

struct Refused {
    std::string reason;          ///< one sentence with the numbers
    bool lasting = false;        ///< the JOB itself is unfit: waiting will not change that
    Ground by = Ground::status;  ///< set by selection
};

/// True if it stands for as long as the same workers are idle and as fast as now, whatever else changes: there is less
/// time for the JOB at every later look.
inline bool stands_for_these_workers(const Refused& refused) {
    return refused.by == Ground::deadline;
}

inline Refused refused_for_good(std::string reason) {
    return {std::move(reason), true};
}
inline Refused refused_for_now(std::string reason) {
    return {std::move(reason), false};
}

}  // namespace emeth::node
