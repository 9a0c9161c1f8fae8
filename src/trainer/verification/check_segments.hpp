// Were the drawn segments really trained? They are retrained from the evidence, which is trusted only if digests match.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/result.hpp"
#include "trainer/artifact/manifest.hpp"
#include "trainer/checkpoints/segment_states.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/data/token_file.hpp"
#include "trainer/model/compute.hpp"
#include "trainer/model/parameters.hpp"
#include "trainer/reporter.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// What is wrong with an artifact, in one sentence; nothing when all is well.
using Objection = std::optional<std::string>;

/// A run as the verifier knows it.
struct CheckedRun {
    const trainer_protocol::CheckRequest& request;
    const Preset& preset;
    const Plan& plan;
    const Compute& compute;
    const ParameterLayout& layout;
    const TokenFile& tokens;
    const SegmentStates& states;          ///< for headers and digests only; no states are stored here
    const std::vector<Hash256>& digests;  ///< the manifest's, as many as the plan has states
    const std::vector<float>& losses;     ///< the training log's, one per step
    const at::Tensor& weights;            ///< the artifact's: the last state
};

/// Losses below this many nats a token, which only texts that repeat themselves have, are compared as if they were this
/// large: they fall steeply, and near 0 all that is left of them is rounding.
inline constexpr double loss_floor = 2.5;
/// A difference of two losses in relation to one of them, which is not negative.
double relative_to_loss(double difference, double loss);

/// An Error is a problem of this machine, not of the artifact.
Result<Objection> object_to_segments(const CheckedRun& run, Reporter& reporter);

}  // namespace emeth::trainer
