// What a store has written since it was opened.
#pragma once

#include <cstdint>

namespace emeth::storage {

struct WriteCounts {
    std::uint64_t synced = 0;  ///< that were on the disk when they returned; concurrent ones share a sync
    std::uint64_t failed = 0;  ///< some of which may turn out to be durable after all
};

}  // namespace emeth::storage
