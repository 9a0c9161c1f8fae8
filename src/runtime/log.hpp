// Logging: spdlog, one line per event, UTC times, to stderr or a file. Never a key, never a signed URL.
#pragma once

#include <spdlog/spdlog.h>

#include <string>
#include <string_view>

namespace emeth {

/// How the log can be written: for people, or one JSON object a line: {"time", "level", "program", "pid", "job" and
/// "worker" where the line is about one (runtime/subject_log.hpp), "message"}.
inline constexpr std::string_view log_text = "text", log_json = "json";

/// `level`: trace, debug, info, warn, error. Called once at the start of a program.
void init_logging(std::string_view program, std::string_view level, std::string_view format = log_text);
/// Of a running program.
void set_log_level(std::string_view level);

}  // namespace emeth
