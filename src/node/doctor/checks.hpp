// Runs checks side by side, each within a limit of time of its own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "node/doctor/finding.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"

namespace emeth::node {

struct Check {
    std::string name;     ///< of the finding that tells of a limit that was reached
    std::string subject;  ///< what is looked at: "the Storage API"
    Milliseconds limit{0};
    /// Adds to the findings as it goes, so that those of a check that comes to its limit are kept.
    std::function<Task<>(Findings&)> run;
};

/// The findings of each check, in the order of `checks`. One that comes to its limit adds the problem that it did; an
/// exception ends them all and is rethrown.
Task<std::vector<Findings>> run_checks(asio::any_io_executor executor, Clock& clock, std::vector<Check> checks);

}  // namespace emeth::node
