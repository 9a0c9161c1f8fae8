// The verifier's side: is this artifact the JOB's honest work? Nothing in it is believed that can be computed again.
#pragma once

#include "runtime/result.hpp"
#include "trainer/reporter.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// Checked tells what is wrong with the artifact; an Error, why it could not be checked.
Result<trainer_protocol::Checked> check_artifact(const trainer_protocol::CheckRequest& request, Reporter& reporter);

}  // namespace emeth::trainer
