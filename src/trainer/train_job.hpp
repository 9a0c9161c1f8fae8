// Serves a TrainRequest: from whatever the folder holds to the artifact.
#pragma once

#include "runtime/result.hpp"
#include "trainer/reporter.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// Continues from the files in the folder that are complete: tokenizer.bin, tokens.bin, checkpoint-0.bin,
/// checkpoint-1.bin, artifact.tar.
Result<trainer_protocol::Trained> train_job(const trainer_protocol::TrainRequest& request, Reporter& reporter);

}  // namespace emeth::trainer
