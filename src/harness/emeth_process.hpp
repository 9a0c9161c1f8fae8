// Runs `emeth` as a child process, from any of our programs. Io thread only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "runtime/child_process.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::harness {

/// Starts `emeth <arguments>`; its output is appended to `log`.
Result<ChildProcess> start_emeth(const asio::any_io_executor& executor, std::vector<std::string> arguments,
                                 std::filesystem::path log);

/// Runs it to its end. Unless the exit code is 0, an Error that names the command and the log.
Task<Result<void>> run_emeth(std::vector<std::string> arguments, std::filesystem::path log);

/// The last non-empty line of a log.
std::string last_line(const std::filesystem::path& log);

}  // namespace emeth::harness
