// How a checkpoint and an artifact are written as JSON: from emeth-trainer to its worker, from there to the master, and
// in the worker's own records.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>

#include "runtime/json_fields.hpp"
#include "statemachine/job.hpp"

namespace emeth::trainer_protocol {

/// {"epoch", "step", "sha256", "loss"}
boost::json::object to_json(const statemachine::Checkpoint& checkpoint);
statemachine::Checkpoint read_checkpoint(JsonObject& object);

/// {"sha256", "bytes", "epochs", "steps", "epoch_losses", "validation_loss"}
boost::json::object to_json(const statemachine::Artifact& artifact);
/// More than `bytes_max` bytes are rejected.
statemachine::Artifact read_artifact(JsonObject& object, std::uint64_t bytes_max);

/// JSON has neither infinity nor NaN, so a diverged loss is reported as a very large one.
double finite_number(double number);

}  // namespace emeth::trainer_protocol
