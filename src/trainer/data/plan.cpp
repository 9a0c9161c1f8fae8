#include "trainer/data/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "trainer_protocol/epoch_tokens.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::trainer {
namespace {

using trainer_protocol::steps_per_epoch_min;

constexpr std::uint64_t validation_one_in = 32;

std::uint64_t quotient_up(std::uint64_t dividend, std::uint64_t divisor) {
    return dividend / divisor + (dividend % divisor == 0 ? 0 : 1);
}

}  // namespace

std::uint64_t Plan::tokens_min(const Preset& preset) {
    return 2 * static_cast<std::uint64_t>(preset.context) + 1;
}

std::uint64_t Plan::tokens_repeated(const Preset& preset) {
    return (1 + steps_per_epoch_min) * static_cast<std::uint64_t>(preset.context) + 1;
}

Result<Plan> Plan::make(const Preset& preset, const DatasetSize& dataset, std::uint32_t epochs) {
    const auto context = static_cast<std::uint64_t>(preset.context);
    const auto sequences_max = static_cast<std::uint64_t>(preset.sequences_per_step);
    Plan plan;
    plan.windows = dataset.tokens == 0 ? 0 : (dataset.tokens - 1) / context;
    if (dataset.tokens < tokens_min(preset))
        return input_error(
            fmt::format("the dataset has {} tokens; model '{}' needs at least {} (two windows of {} and one more)",
                        dataset.tokens, preset.name, tokens_min(preset), context));
    plan.validation_windows =
        std::clamp<std::uint64_t>(plan.windows / validation_one_in, 1, preset.validation_windows_max);
    plan.training_windows = plan.windows - plan.validation_windows;

    const trainer_protocol::EpochTokens paid = trainer_protocol::epoch_tokens(preset, dataset.bytes);
    const std::uint64_t windows_owed = quotient_up(paid.at_least, context);
    const std::uint64_t windows_trained = std::max(plan.training_windows, windows_owed);
    const std::uint64_t sequences = std::clamp<std::uint64_t>(windows_trained / steps_per_epoch_min, 1,
                                                              std::min(sequences_max, plan.training_windows));
    plan.sequences_per_step = static_cast<std::int64_t>(sequences);
    const std::uint64_t steps_min = quotient_up(windows_owed, sequences);
    const std::uint64_t steps_max = std::max(steps_min, paid.at_most / context / sequences);
    plan.steps_per_epoch = std::clamp(plan.training_windows / sequences, steps_min, steps_max);
    plan.steps_total = plan.steps_per_epoch * epochs;
    plan.segments = trainer_protocol::segment_count(preset.name, plan.steps_total, epochs);
    return plan;
}

bool Plan::epoch_is_one_round() const {
    return steps_per_epoch == training_windows / static_cast<std::uint64_t>(sequences_per_step);
}

std::uint64_t Plan::rounds_per_epoch() const {
    return quotient_up(steps_per_epoch * static_cast<std::uint64_t>(sequences_per_step), training_windows);
}

WindowOrder::WindowOrder(const Plan& plan, const JobId& job)
    : plan_(plan), order_seed_(derive_seed(job, "order")), split_(plan.windows, derive_seed(job, "validation"), 0) {}

std::vector<std::uint64_t> WindowOrder::of_step(std::uint64_t step) const {
    const std::uint64_t first_round = step / plan_.steps_per_epoch * plan_.rounds_per_epoch();
    const auto order_of = [&](std::uint64_t round) {
        return Permutation(plan_.training_windows, order_seed_, first_round + round);
    };
    // Counted over the epoch, in which one round follows the other.
    std::uint64_t place = step % plan_.steps_per_epoch * static_cast<std::uint64_t>(plan_.sequences_per_step);
    Permutation order = order_of(place / plan_.training_windows);
    std::vector<std::uint64_t> windows(static_cast<std::size_t>(plan_.sequences_per_step));
    for (std::uint64_t& window : windows) {
        const std::uint64_t index = place % plan_.training_windows;
        if (index == 0) order = order_of(place / plan_.training_windows);
        window = split_(plan_.validation_windows + order(index));
        ++place;
    }
    return windows;
}

std::vector<std::uint64_t> WindowOrder::validation() const {
    std::vector<std::uint64_t> windows(plan_.validation_windows);
    for (std::size_t i = 0; i < windows.size(); ++i) windows[i] = split_(i);
    return windows;
}

}  // namespace emeth::trainer
