// Tries out what this machine can train and how fast, for a worker that wants to know before it takes a deposit's JOB.
#pragma once

#include "runtime/result.hpp"
#include "trainer/reporter.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// Really trains a few steps of the small presets, in a few seconds; the speeds of the large ones follow from those by
/// the operations of a token, which is the careful side, since larger matrices are multiplied more efficiently. Presets
/// that do not fit into memory are left out. Errors: the device is not there, or not even the smallest preset fits
/// (permanent). A machine that cannot compute at all shows by an exception of libtorch or a signal.
Result<trainer_protocol::Calibrated> calibrate(const trainer_protocol::CalibrateRequest& request, Reporter& reporter);

}  // namespace emeth::trainer
