// The maximum depth of a reorganisation of the chain that is allowed for.
#pragma once

#include <cstdint>

namespace emeth::chain {

/// What was read in a block may later be found in a block up to this many blocks earlier: searches for a JOB's logs
/// therefore begin this many blocks before the one in which they were last seen. Ethereum finalises after 64 blocks
/// (two epochs), and no reorganisation reaches further back.
inline constexpr std::uint64_t reorganisation_blocks_max = 64;

}  // namespace emeth::chain
