// Serves a HelpRequest: a helper's part in another worker's JOB.
#pragma once

#include "runtime/result.hpp"
#include "trainer/reporter.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// Returns when the leader has trained to the end. A transient Error when the leader is gone before that: there may be
/// another rendezvous.
Result<trainer_protocol::Helped> help_job(const trainer_protocol::HelpRequest& request, Reporter& reporter);

}  // namespace emeth::trainer
