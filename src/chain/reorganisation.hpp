// The maximum depth of a reorganisation of the chain that is allowed for.
#pragma once

#include <cstdint>

namespace emeth::chain {

/// What was read in a block may later be found in a block up to this many blocks earlier: searches for a JOB's logs
/// therefore begin this many blocks before the one in which they were last seen. This many are two
/// epochs of Ethereum, after which its blocks are final; of other chains it is assumed.
inline constexpr std::uint64_t reorganisation_blocks_max = 64;

}  // namespace emeth::chain
