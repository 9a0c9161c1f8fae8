// The demo's story, from an empty folder to withdrawn rewards. Io thread only.
#pragma once

#include <filesystem>

#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::cli {

struct DemoOptions {
    std::filesystem::path data = ".emeth/demo";  ///< emptied at the start
    std::filesystem::path report;                ///< report.json; empty: none
    std::filesystem::path anvil;
    bool keep = false;  ///< leave network and node running at the end, until a signal
    bool open = false;  ///< show both in the reader's browser, and keep
};

/// Succeeds only if every check of demo_accounts.hpp passed. Ends everything it started, even on SIGINT and SIGTERM.
Task<Result<void>> run_demo(DemoOptions options);

}  // namespace emeth::cli
