// An honest run in memory, and a forger's own training of its segments, judged by the verifier's comparison.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"
#include "trainer/data/data_preparation.hpp"
#include "trainer/data/plan.hpp"
#include "trainer/model/compute.hpp"
#include "trainer/model/model.hpp"
#include "trainer/model/training_state.hpp"
#include "trainer_protocol/messages.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::test {

using trainer_protocol::Preset;

/// What is trained, and which of its segments are looked at.
struct RunChoice {
    std::string preset = "nano";
    std::string text;
    std::uint32_t epochs = 2;
    std::uint8_t job = 1;             ///< the last byte of its id
    std::uint32_t every_segment = 1;  ///< 5: segments 0, 5, 10, … and the last one
    trainer::Precision precision = trainer::Precision::float32;
};

/// One JOB trained by the program's own loop. Throws what it cannot do.
class HonestRun {
public:
    explicit HonestRun(const RunChoice& choice);

    [[nodiscard]] std::uint64_t step_of(std::uint32_t state) const;
    [[nodiscard]] std::vector<std::uint32_t> segments() const { return segments_; }
    /// The state in which segment `index` begins; nothing: it is not kept. Those around segments() are.
    [[nodiscard]] const trainer::TrainingState* state(std::uint32_t index) const;
    /// How far a claimed end of a segment is from the honest one, in all that the verifier compares.
    [[nodiscard]] trainer_protocol::Deviation deviation(std::uint32_t segment,
                                                        const trainer::TrainingState& claimed) const;
    /// As the verifier does it, with a second replay where more than usual was found.
    [[nodiscard]] bool objected_to(std::uint32_t segment, const trainer_protocol::Deviation& found) const;
    /// The end of a segment and the losses of its steps, trained again from its beginning.
    [[nodiscard]] trainer::TrainingState trained_again(std::uint32_t segment) const {
        return trained_from(*state(segment), segment);
    }

    JobId job;
    Preset preset;
    trainer::PreparedData data;
    trainer::Plan plan;
    trainer::Compute compute;
    trainer::ParameterLayout layout;
    std::vector<float> losses;  ///< of all steps

private:
    explicit HonestRun(const RunChoice& choice, const TemporaryFolder& folder);
    [[nodiscard]] trainer::TrainingState trained_from(const trainer::TrainingState& begin, std::uint32_t segment) const;

    std::vector<std::uint32_t> segments_;
    std::map<std::uint32_t, trainer::TrainingState> states_;
    mutable std::map<std::uint32_t, trainer_protocol::Deviation> allowed_;  ///< in each segment, once it was asked for
};

/// Of the mean loss over some tokens.
struct Gradient {
    at::Tensor values;  ///< flat
    double loss = 0;
};

/// One segment in a forger's hands. It begins honestly; each step is the forger's.
class DishonestSegment {
public:
    DishonestSegment(const HonestRun& run, std::uint32_t segment);

    [[nodiscard]] const HonestRun& run() const { return run_; }
    [[nodiscard]] std::uint32_t number() const { return segment_; }
    [[nodiscard]] std::uint64_t steps() const { return end_ - begin_; }
    [[nodiscard]] std::uint64_t steps_done() const { return state.step - begin_; }
    [[nodiscard]] bool done() const { return state.step == end_; }

    /// Of the step that is next.
    [[nodiscard]] std::vector<std::uint64_t> windows() const;
    /// As honest work computes it, over any windows.
    Gradient gradient(const std::vector<std::uint64_t>& windows);
    /// The same with other weights, another number type, or the first `positions` tokens of each window only; 0: all.
    Gradient gradient_with(const at::Tensor& weights, trainer::Precision precision, std::int64_t positions,
                           const std::vector<std::uint64_t>& windows) const;
    /// The same with each window cut into two that do not see each other.
    Gradient gradient_of_halves(const std::vector<std::uint64_t>& windows) const;
    double loss(const std::vector<std::uint64_t>& windows) const;

    /// AdamW's step with this gradient; the loss is logged.
    void update(const Gradient& gradient, double learning_rate_factor = 1, bool clips = true);
    /// Counts a step that is not made.
    void skip(double claimed_loss);
    /// To be called with the part of a step's work that the forger did not do.
    void saves(double part) { saved_ += part; }
    [[nodiscard]] double saved() const { return saved_ / static_cast<double>(steps()); }

    trainer::TrainingState state;
    std::optional<Gradient> previous;  ///< of the step before, in this segment

private:
    [[nodiscard]] Gradient computed(trainer::Model& model, const at::Tensor& into, const trainer::Batch& batch,
                                    std::int64_t context) const;

    const HonestRun& run_;
    std::uint32_t segment_;
    std::uint64_t begin_, end_;
    at::Tensor gradients_;
    std::unique_ptr<trainer::Model> model_;
    double saved_ = 0;
};

}  // namespace emeth::test
