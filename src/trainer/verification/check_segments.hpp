// Were the drawn segments really trained? They are retrained from the evidence, which is trusted only if digests match.
#pragma once

#include <vector>

#include "runtime/result.hpp"
#include "trainer/checkpoints/segment_states.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/data/token_file.hpp"
#include "trainer/formats/manifest.hpp"
#include "trainer/model/compute.hpp"
#include "trainer/model/parameters.hpp"
#include "trainer/reporter.hpp"
#include "trainer/verification/check_record.hpp"
#include "trainer/verification/segment_deviation.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// A run as the verifier knows it.
struct CheckedRun {
    const trainer_protocol::CheckRequest& request;
    const Preset& preset;
    const Plan& plan;
    const Compute& compute;  ///< as this machine computes by itself: the validation loss
    const ParameterLayout& layout;
    const TokenFile& tokens;
    const SegmentStates& states;       ///< for headers and digests only; no states are stored here
    const Manifest& manifest;          ///< with as many digests as the plan has states
    const std::vector<float>& losses;  ///< the training log's, one per step
    const at::Tensor& weights;         ///< the artifact's: the last state
    CheckRecord& record;               ///< what an earlier check of this folder computed
};

/// `worst` becomes that of all segments that were trained again. An Error is a problem of this machine, not of the
/// artifact.
Result<Objection> object_to_segments(const CheckedRun& run, Deviation& worst, Reporter& reporter);

}  // namespace emeth::trainer
