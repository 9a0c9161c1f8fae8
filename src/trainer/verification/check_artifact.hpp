// The room of the verification: is this artifact the JOB's honest work? Nothing that can be recomputed is trusted. It
// may use every other room but the team's; nothing else uses it.
#pragma once

#include "runtime/result.hpp"
#include "trainer/reporter.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// Checked says what is wrong with the artifact; an Error says why it could not be checked.
Result<trainer_protocol::Checked> check_artifact(const trainer_protocol::CheckRequest& request, Reporter& reporter);

}  // namespace emeth::trainer
