// What this node's own JOBs tell of the next one: how long they took against what was estimated, and how they ended. A
// few JOBs tell little, so each chance starts from the share that the settings assume, which counts as much as
// `assumed_jobs` JOBs. What is long ago counts no more: a worker that was repaired must not be held against its JOBs
// for ever. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/market/expected_value.hpp"
#include "runtime/result.hpp"

namespace emeth::node {

/// A JOB of this node that had a deposit.
struct EndedJob {
    /// `missed`: timed out, or given back before that, since it could not be finished in time or at all.
    enum class Result : std::uint8_t { verified, rejected, missed };

    std::int64_t ended_at_unix_s = 0;
    Result result = Result::verified;
    double finish_ratio = 0;  ///< the time from the order to the submit, by the finish estimate; 0: not known

    friend bool operator==(const EndedJob&, const EndedJob&) = default;
};

struct TrackRecord {
    /// The newest so many are remembered, for so long.
    static constexpr std::size_t jobs_max = 64;
    static constexpr std::int64_t remembered_s = 7 * 86'400;

    std::vector<EndedJob> jobs;  ///< oldest first

    friend bool operator==(const TrackRecord&, const TrackRecord&) = default;
};

/// The assumed share counts as much as so many JOBs.
inline constexpr std::uint64_t assumed_jobs = 20;
/// No workers are steadier than this share of the time they take, however the first JOBs look.
inline constexpr double least_finish_deviation = 0.05;

void add(TrackRecord& record, EndedJob job);

/// P(miss) of a JOB with `left_s` until its deadline and this estimate, at this chain time. The ratios that were seen
/// are taken to be normally distributed with the mean m and the deviation s of those remembered; the JOB is late if its
/// own exceeds r = left / estimate. So with n of them, k JOBs that were missed and the assumed share a
///
///     P(miss) = (20 · a + k + n · (1 − Φ((r − m) / s))) / (20 + k + n),    s at least 0.05 · m
///
/// with Φ the normal distribution function. An example: a = 1%, none missed, 20 JOBs that took 1.0 of their estimates
/// with s = 0.1, and 1.2 times the estimate left: (0.2 + 20 · (1 − Φ(2))) / 40 = (0.2 + 20 · 0.02275) / 40 = 1.64%.
Chance chance_to_miss(const TrackRecord& record, std::int64_t now_unix_s, std::int64_t estimate_s, std::int64_t left_s,
                      Chance assumed);

/// P(reject) = (20 · a + rejected) / (20 + verified + rejected), at this chain time.
Chance chance_of_rejection(const TrackRecord& record, std::int64_t now_unix_s, Chance assumed);

/// As it is stored.
std::string to_text(const TrackRecord& record);
Result<TrackRecord> read_track_record(std::string_view text);

}  // namespace emeth::node
