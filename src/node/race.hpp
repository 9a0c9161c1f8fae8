// Several coroutines side by side, of which the first to end decides.
#pragma once

#include "runtime/task.hpp"

namespace emeth::node {

/// Runs both; when one ends, the other is cancelled; both have ended when it returns. An exception of the one that ended first is rethrown. What the loser
/// still yields is dropped, so neither may hand over by its return what cannot be had again.
Task<> race(Task<> first, Task<> second);

}  // namespace emeth::node
