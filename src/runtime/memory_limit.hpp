// How much memory this process may use.
#pragma once

#include <cstdint>

namespace emeth {

/// The machine's memory in bytes, or the limit of the process' control group (v2) where that is lower. The same each
/// time on one machine.
std::uint64_t memory_limit();

}  // namespace emeth
