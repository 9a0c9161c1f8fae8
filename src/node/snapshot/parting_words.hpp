// What a master that is told to end says of the deposits that it leaves locked. Pure.
#pragma once

#include <string>

#include "node/snapshot/snapshot.hpp"

namespace emeth::node {

/// One sentence: how much stays locked, and until when the node must be back so that no JOB misses its deadline.
std::string parting_words(const Snapshot& snapshot);

}  // namespace emeth::node
