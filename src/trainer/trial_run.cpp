#include "trainer/trial_run.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "trainer/model/gpu.hpp"
#include "trainer/model/optimiser.hpp"
#include "trainer/model/step_gradients.hpp"

namespace emeth::trainer {
namespace {

/// Token `position` of an endless text that the peer (bench/training_peer.py) makes, too: Knuth's multiplicative hash.
std::int32_t text_token(std::uint64_t position, std::int64_t vocabulary) {
    const auto hash = static_cast<std::uint32_t>(position * 2'654'435'761U) >> 8;
    return static_cast<std::int32_t>(static_cast<std::int64_t>(hash) % vocabulary);
}

TrainingState initial_state(const ParameterLayout& layout, const at::Device& device) {
    gpu::prepare(device);
    TrainingState state = TrainingState::initial(layout, JobId{});
    state.move_to(device);
    return state;
}

}  // namespace

Batch trial_batch(const Preset& preset, std::size_t sequences, std::uint64_t position) {
    Batch batch{static_cast<std::int64_t>(sequences), {}, {}};
    const std::uint64_t end = position + sequences * static_cast<std::uint64_t>(preset.context);
    for (; position < end; ++position) {
        batch.inputs.push_back(text_token(position, preset.vocabulary));
        batch.targets.push_back(text_token(position + 1, preset.vocabulary));
    }
    return batch;
}

TrialRun::TrialRun(const Preset& preset, const Compute& compute)
    : preset_(preset),
      micro_batch_(std::min(compute.micro_batch, preset.sequences_per_step)),
      layout_(preset),
      state_(initial_state(layout_, compute.device)),
      gradients_(at::zeros_like(state_.weights)),
      model_(make_model(preset, compute.precision, layout_, state_.weights, gradients_, micro_batch_)) {}

double TrialRun::step() {
    const auto tokens = static_cast<float>(tokens_per_step());
    const std::uint64_t begin = position_;
    const auto read = [&](std::size_t first, std::size_t count) {
        return trial_batch(preset_, count, begin + first * static_cast<std::size_t>(preset_.context));
    };
    const Share all{0, static_cast<std::size_t>(preset_.sequences_per_step)};
    const double loss = share_gradients(*model_, gradients_, all, 1.0F / tokens, micro_batch_, read, {});
    position_ = begin + tokens_per_step();
    update_weights(preset_, layout_, gradients_, gradient_norm(gradients_), trial_schedule_steps, state_);
    model_->weights_changed();
    ++state_.step;
    return loss / tokens;
}

}  // namespace emeth::trainer
