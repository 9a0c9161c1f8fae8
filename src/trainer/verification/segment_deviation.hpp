// How far the claimed end of a segment is from the end that training it again gives, and how far honest work may be.
// Pure arithmetic on states; docs/VERIFICATION.md says what was measured.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "trainer/formats/compute_record.hpp"
#include "trainer/model/training_state.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// What is wrong with an artifact, in one sentence; nothing when all is well.
using Objection = std::optional<std::string>;

using trainer_protocol::Deviation;

/// Losses below this many nats a token, which only texts that repeat themselves have, are compared as if they were this
/// large: they fall steeply, and near 0 all that is left of them is rounding.
inline constexpr double loss_floor = 2.5;
/// A difference of two losses in relation to one of them, which is not negative.
double relative_to_loss(double difference, double loss);

/// The end of a segment. Refers to what it is made of.
struct SegmentEnd {
    std::span<const float> losses;    ///< of the segment's steps, finite and not negative
    const at::Tensor& weights;        ///< flat
    const TrainingState* state = {};  ///< with the moments; none where only weights are known: at the run's end
};
/// How far a claimed end is from the one that training again gives, whose moments are known. Without claimed moments
/// their parts are 0. `start`: the weights in which the segment begins.
Deviation deviation(const SegmentEnd& claimed, const SegmentEnd& again, const at::Tensor& start);

/// The larger of both in each part, at most 10^6: where nothing moved, a difference is infinitely large.
Deviation worse_of(const Deviation& a, const Deviation& b);

/// Whether all that computed the segment was hardware and libraries like `own`.
bool is_of_this_hardware(const ComputeHistory& history, std::uint32_t segment, const ComputeRecord& own);

/// How exactly a segment can be replayed.
enum class Exactness : std::uint8_t {
    float32,
    bf16,  ///< also float32 between devices of two kinds
};
/// Of a segment that a verifier with `own` trains again.
Exactness exactness(const ComputeHistory& history, std::uint32_t segment, const ComputeRecord& own);

/// What honest work shows between CPUs, kernels and thread counts almost everywhere.
const Deviation& usual_deviation(Exactness exactness);
/// `state` a rounding error away: each weight is moved by a share of itself that such a replay may round it by, drawn
/// at random. Where training amplifies rounding, a replay of this one ends as far from the other as honest work may.
TrainingState rounded_otherwise(const TrainingState& state, Exactness exactness);
/// What is allowed where a replay of rounded_otherwise() ended `twin` away: more than usual where rounding is
/// amplified, but never as much as what was not trained at all.
Deviation allowed_deviation(Exactness exactness, const Deviation& twin);

/// More than is allowed, or not a number.
Objection object_to_deviation(std::uint32_t segment, const Deviation& found, const Deviation& allowed);

}  // namespace emeth::trainer
