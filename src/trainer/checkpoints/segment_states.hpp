// The states in which the segments of a run begin: kept on disk until the verdict; the manifest lists their digests.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/model/training_state.hpp"
#include "trainer_protocol/messages.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer {

/// Comes before weights and moments, all little-endian. The digest of a state covers header, weights and moments; that
/// of the last state, from which nothing is trained, covers only header and weights, so it follows from the artifact.
struct StateHeader {
    std::array<char, 8> magic;
    std::array<std::uint8_t, 32> run;
    std::uint64_t step;
    std::uint64_t weight_count;

    friend bool operator==(const StateHeader&, const StateHeader&) = default;
};
static_assert(sizeof(StateHeader) == trainer_protocol::state_header_bytes);

/// Identifies a run. Thread count and micro-batch are not part of it: a run may continue with others. Where an
/// epoch is not one round another number stands in front, so that nothing is continued of a version that made it one.
Hash256 run_fingerprint(const trainer_protocol::JobSpec& job, const Hash256& dataset_sha256,
                        const Hash256& tokenizer_sha256, const Plan& plan);

class SegmentStates {
public:
    SegmentStates(std::filesystem::path folder, const Hash256& run, std::int64_t weight_count, const Plan& plan);

    [[nodiscard]] bool begins_segment(std::uint64_t step) const;
    /// `state.step` must begin a segment.
    Result<void> save(const TrainingState& state);
    /// Whether all states of steps before `step` exist, judging by their sizes and headers. If one were lost, the
    /// evidence could not be delivered later.
    [[nodiscard]] bool complete_before(std::uint64_t step) const;
    /// The digests of all states, the last one being that of `weights`.
    [[nodiscard]] Result<std::vector<Hash256>> digests(const at::Tensor& weights) const;

    [[nodiscard]] StateHeader header(std::uint64_t step) const;
    [[nodiscard]] Hash256 last_digest(const at::Tensor& weights) const;
    /// Bytes of a state's content.
    [[nodiscard]] std::uint64_t content_bytes() const;

private:
    [[nodiscard]] Result<Hash256> recorded_digest(std::uint32_t index) const;

    std::filesystem::path folder_;
    Hash256 run_;
    std::int64_t weight_count_;
    std::vector<std::uint64_t> begins_;  ///< the step in which each segment begins
    std::uint64_t steps_total_;
};

}  // namespace emeth::trainer
