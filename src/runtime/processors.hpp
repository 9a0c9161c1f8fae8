// How many processors this process may use.
#pragma once

namespace emeth {

/// According to its affinity mask, so that the limit of a container or of taskset counts; at least 1.
unsigned processors();

}  // namespace emeth
