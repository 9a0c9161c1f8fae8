// How a run reports progress to its parent.
#pragma once

#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

class Reporter {
public:
    virtual ~Reporter() = default;
    /// From any thread; never waits for the parent. Progress that is reported too often is dropped.
    virtual void report(trainer_protocol::TrainerReport report) = 0;
};

}  // namespace emeth::trainer
