// How much memory this process may use.
#pragma once

#include <cstdint>

namespace emeth {

/// The machine's memory in bytes, or the limit of the process's control group (v2) if that is lower. Constant on a
/// given machine.
std::uint64_t memory_limit();

}  // namespace emeth
