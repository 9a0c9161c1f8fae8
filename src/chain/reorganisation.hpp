// How far back a reorganisation of the chain is taken into account.
#pragma once

#include <cstdint>

namespace emeth::chain {

/// What was read of a block may still stand in one that is up to this many blocks earlier, or come again from there:
/// searches for the logs of a JOB begin so far before the block where they were last seen. Ethereum finalises after 64
/// blocks (two epochs), and no reorganisation reaches behind that.
inline constexpr std::uint64_t reorganisation_blocks_max = 64;

}  // namespace emeth::chain
