// A soak from an empty folder to its report. Io thread only.
#pragma once

#include <filesystem>

#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::soak {

struct SoakOptions {
    std::filesystem::path data = ".emeth/soak";  ///< emptied at the start
    std::filesystem::path report;                ///< report.json; empty: none
    std::filesystem::path anvil;
    unsigned minutes = 10;
    std::uint64_t seed = 1;
};

/// An Error unless all of it held: JOBs were verified, no penalty, no orphan, no crash, every JOB verified or on its
/// way in time, each verified JOB with one process and one submit, and every history leading to its record. Ends
/// everything it started, also on SIGINT and SIGTERM.
Task<Result<void>> run_soak(SoakOptions options);

}  // namespace emeth::soak
