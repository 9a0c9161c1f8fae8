// Which of the JOBs that pass selection is taken first. Pure. To add a priority, write one function and its row in the
// table of priority.cpp: the setting `priority` and its help take the names from there.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "statemachine/types.hpp"

namespace emeth::node {

/// What a priority may look at.
struct Prospect {
    JobId id;
    Wei fee;  ///< EMT wei
    std::uint64_t dataset_bytes = 0;
    std::int64_t deadline_unix_s = 0;
    std::int64_t finish_estimate_s = 0;  ///< 0: not assessed yet
    Wei expected_value;                  ///< EMT wei; zero: not assessed yet, or worth nothing
};

struct Priority {
    std::string_view name;  ///< as spelled in the setting
    /// Whether `a` comes before `b`; a strict weak order. Ties are ordered by id.
    bool (*precedes)(const Prospect& a, const Prospect& b);
};

/// All priorities; the first one is the default.
std::span<const Priority> priorities();
/// Null if there is none of this name.
const Priority* find_priority(std::string_view name);

/// Best first. Ties are ordered by id, so that the result does not depend on the order in which a server lists them.
void rank(std::vector<Prospect>& prospects, const Priority& priority);

}  // namespace emeth::node
