// What the reading of a contract's open JOBs needs.
#pragma once

#include "chain/chain.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "storage/notes.hpp"

namespace emeth::node {

/// All must outlive who gets them.
struct ContractPorts {
    chain::Chain& chain;
    storage::Notes& notes;
    BlockingPool& pool;
    const Clock& clock;
};

}  // namespace emeth::node
