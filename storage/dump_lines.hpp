// The lines that frame a dump: the first says what wrote it, the last that nothing is missing.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace emeth::storage {

/// Grows when lines change in a way that an older emeth would misread; added fields do not count.
inline constexpr std::uint64_t dump_version = 1;

inline std::string dump_first_line() {
    return fmt::format("{{\"type\":\"dump\",\"version\":{}}}\n", dump_version);
}

/// `lines`: all before this one.
inline std::string dump_last_line(std::uint64_t lines) {
    return fmt::format("{{\"type\":\"end\",\"lines\":{}}}\n", lines);
}

}  // namespace emeth::storage
