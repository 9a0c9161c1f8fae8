// Logging: spdlog, one line per event, UTC times, to stderr or a file. Never a key, never a signed URL.
#pragma once

#include <spdlog/spdlog.h>

#include <string>
#include <string_view>

namespace emeth {

/// `level`: trace, debug, info, warn, error. Called once at the start of a program.
void init_logging(std::string_view program, std::string_view level);
/// Of a running program.
void set_log_level(std::string_view level);

}  // namespace emeth
