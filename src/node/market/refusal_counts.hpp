// Why JOBs were not taken, counted by reason. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/notes.hpp"

namespace emeth::node {

/// A reason without its figures: "finish estimate 5 h > 4 h left" says the same a minute later with different ones.
std::string without_numbers(const std::string& reason);

struct RefusalCount {
    std::string reason;  ///< the newest one, with its figures
    std::size_t jobs = 0;
    std::int64_t newest_at_unix_ms = 0;
};

/// The most common reason first. `refusals`: oldest first; only the last one of each JOB counts.
std::vector<RefusalCount> count_refusals(const std::vector<storage::RefusedJob>& refusals);

}  // namespace emeth::node
