#include "trainer/trial_run.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "trainer/model/optimiser.hpp"

namespace emeth::trainer {
namespace {

constexpr std::uint64_t schedule_steps = 1'000;  // of the learning rate; more steps than anybody tries

/// Token `position` of an endless text that the peer (bench/training_peer.py) makes, too: Knuth's multiplicative hash.
std::int32_t text_token(std::uint64_t position, std::int64_t vocabulary) {
    const auto hash = static_cast<std::uint32_t>(position * 2'654'435'761U) >> 8;
    return static_cast<std::int32_t>(static_cast<std::int64_t>(hash) % vocabulary);
}

/// The next windows of that text, from `position` on.
Batch next_batch(const Preset& preset, std::int64_t sequences, std::uint64_t& position) {
    Batch batch{sequences, {}, {}};
    for (std::int64_t i = 0; i < sequences * preset.context; ++i, ++position) {
        batch.inputs.push_back(text_token(position, preset.vocabulary));
        batch.targets.push_back(text_token(position + 1, preset.vocabulary));
    }
    return batch;
}

}  // namespace

TrialRun::TrialRun(const Preset& preset, const Compute& compute)
    : preset_(preset),
      micro_batch_(std::min(compute.micro_batch, preset.sequences_per_step)),
      layout_(preset),
      state_(TrainingState::initial(layout_, JobId{})),
      gradients_(at::zeros_like(state_.weights)),
      model_(make_model(preset, compute.precision, layout_, state_.weights, gradients_, micro_batch_, compute.device)) {
}

double TrialRun::step() {
    gradients_.zero_();
    const auto tokens = static_cast<float>(tokens_per_step());
    double loss = 0;
    for (std::int64_t first = 0; first < preset_.sequences_per_step; first += micro_batch_) {
        const std::int64_t sequences = std::min(micro_batch_, preset_.sequences_per_step - first);
        loss += model_->forward_backward(next_batch(preset_, sequences, position_), 1.0F / tokens);
    }
    model_->collect_gradients();
    update_weights(preset_, layout_, gradients_, gradient_norm(gradients_), schedule_steps, state_);
    model_->weights_changed();
    ++state_.step;
    return loss / tokens;
}

}  // namespace emeth::trainer
