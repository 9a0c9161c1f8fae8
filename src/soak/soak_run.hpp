// A soak from an empty folder to its report. Io thread only.
#pragma once

#include <filesystem>

#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::soak {

struct SoakOptions {
    std::filesystem::path data = ".emeth/soak";  ///< emptied at the start
    std::filesystem::path report;                ///< where to write report.json; empty: nowhere
    std::filesystem::path anvil;
    unsigned minutes = 10;
    std::uint64_t seed = 1;
};

/// An Error unless all of this held: JOBs were verified; no penalty, no orphan, no crash; every JOB is verified or on
/// its way in time; each verified JOB has one process and one submit; every history leads to its record. Stops
/// everything it started, on SIGINT and SIGTERM, too.
Task<Result<void>> run_soak(SoakOptions options);

}  // namespace emeth::soak
