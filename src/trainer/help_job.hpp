// A helper's part in a JOB that another worker holds.
#pragma once

#include "runtime/result.hpp"
#include "trainer/reporter.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// Until the leader has trained to the end. A transient Error when it is gone before: another rendezvous comes, or
/// none.
Result<trainer_protocol::Helped> help_job(const trainer_protocol::HelpRequest& request, Reporter& reporter);

}  // namespace emeth::trainer
