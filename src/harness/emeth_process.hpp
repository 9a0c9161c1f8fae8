// The program `emeth` as a child process, whichever of our programs runs now. Io thread only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "runtime/child_process.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::harness {

/// `emeth <arguments>`; what it prints is appended to `log`.
Result<ChildProcess> start_emeth(const asio::any_io_executor& executor, std::vector<std::string> arguments,
                                 std::filesystem::path log);

/// The same, awaited; an Error unless it ended with exit code 0: it names the command and the log.
Task<Result<void>> run_emeth(std::vector<std::string> arguments, std::filesystem::path log);

/// The last line of a log that is not empty.
std::string last_line(const std::filesystem::path& log);

}  // namespace emeth::harness
