// A stream of JOBs to try policies on: generated from a seed, or read from a file of JSON lines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::simulation {

/// What a requester put on chain, and when.
struct StreamedJob {
    JobId id;
    Address requester;
    std::int64_t requested_at_unix_s = 0, deadline_unix_s = 0;
    Wei fee;  ///< EMT wei
    std::uint64_t dataset_bytes = 0;
    std::uint64_t program_id = 0;
    std::string param;  ///< the JSON text

    friend bool operator==(const StreamedJob&, const StreamedJob&) = default;
};

using JobStream = std::vector<StreamedJob>;  ///< by requested_at_unix_s, ascending

/// How a generated stream looks. Its JOBs arrive independently of one another; sizes and prices are log-normal.
struct StreamShape {
    std::uint64_t seed = 1;
    std::uint64_t days = 1;
    std::uint64_t jobs_per_day = 200;
    double megabytes_median = 20, megabytes_deviation = 1.0;  ///< the deviation is that of the logarithm
    double emt_per_gas_median = 0.15, emt_per_gas_deviation = 0.3;
    double emt_min = 11, emt_max = 29.5;      ///< fees are cut to these
    double slack_min = 1.3, slack_max = 4.0;  ///< times as long as one RTX 3080 takes, and the published margin of 1 h
    double japanese_share = 0.3;
};

inline constexpr std::size_t stream_jobs_max = 10'000'000;

/// The same for the same shape on every machine with the same mathematical library.
JobStream generate_stream(const StreamShape& shape);

/// One JSON object a line: id, requester, requestedAt, deadline, fee (decimal, wei), datasetBytes, programId, param.
std::string to_json_line(const StreamedJob& job);
/// The Error names the file and the line.
Result<JobStream> read_stream(const std::filesystem::path& file);

}  // namespace emeth::simulation
