// What the system says about this process, as metrics.
#pragma once

#include "runtime/exposition.hpp"

namespace emeth {

/// Memory, processor time, open files and start, under the names that Prometheus's own client libraries give them. What
/// /proc does not tell is absent.
void add_process_metrics(Exposition& out);

}  // namespace emeth
