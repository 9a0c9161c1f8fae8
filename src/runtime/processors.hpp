// How many processors this process may use.
#pragma once

namespace emeth {

/// By its affinity mask, so that a container's or taskset's limit counts; at least 1.
unsigned processors();

}  // namespace emeth
