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
    std::int64_t worker_s = 0;  ///< until its submit, for each worker that trains it; 0: not known
    Wei expected_value;         ///< EMT wei; zero: not known, or worth nothing
    bool is_preferred = false;  ///< its requester is in requesters_preferred
};

struct Priority {
    std::string_view name;     ///< as spelled in the setting
    std::string_view meaning;  ///< what comes first, for the help
    bool estimates;            ///< it looks at the finish estimate or the expected value
    /// Whether `a` comes before `b`; a strict weak order.
    bool (*precedes)(const Prospect& a, const Prospect& b);
};

/// The first one decides; each further one, between those that are equal by all before it.
using PriorityList = std::vector<Priority>;

/// All priorities; the first one is the default.
std::span<const Priority> priorities();
/// Null if there is none of this name.
const Priority* find_priority(std::string_view name);

/// Whether one of the list looks at the finish estimate or the expected value.
bool needs_estimates(const PriorityList& list);

/// Best first: JOBs of preferred requesters, then by the list. What is equal by all of that is in an order of each
/// wallet's own, so that nodes with the same settings do not all run for the same JOB; it does not depend on the order
/// in which a server lists them.
void rank(std::vector<Prospect>& prospects, const PriorityList& list, const Address& wallet);

}  // namespace emeth::node
