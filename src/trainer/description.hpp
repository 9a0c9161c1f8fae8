// What this machine computes with, without training anything.
#pragma once

#include "runtime/result.hpp"
#include "trainer_protocol/machine_description.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// A permanent Error, as for a training: the device is not there, or the tokenizer's library is not.
Result<trainer_protocol::MachineDescription> describe_machine(const trainer_protocol::ComputeOptions& options);

}  // namespace emeth::trainer
