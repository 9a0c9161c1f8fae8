// Where a run tells its parent how far it is.
#pragma once

#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

class Reporter {
public:
    virtual ~Reporter() = default;
    /// Any thread; never waits for the parent. Progress that comes too often is left out.
    virtual void report(trainer_protocol::Report report) = 0;
};

}  // namespace emeth::trainer
