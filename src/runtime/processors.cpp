#include "runtime/processors.hpp"

#include <sched.h>

#include <algorithm>

namespace emeth {

unsigned processors() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
    return static_cast<unsigned>(std::max(1, CPU_COUNT(&allowed)));
}

}  // namespace emeth
