#include "trainer/data/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "trainer_protocol/segments.hpp"

namespace emeth::trainer {
namespace {

constexpr std::uint64_t validation_one_in = 32;
/// Small datasets are trained in smaller steps, so that an epoch has at least this many.
constexpr std::uint64_t steps_per_epoch_min = 32;

}  // namespace

std::uint64_t Plan::tokens_min(const Preset& preset) {
    return 2 * static_cast<std::uint64_t>(preset.context) + 1;
}

std::uint64_t Plan::tokens_repeated(const Preset& preset) {
    return (1 + steps_per_epoch_min) * static_cast<std::uint64_t>(preset.context) + 1;
}

Result<Plan> Plan::make(const Preset& preset, std::uint64_t tokens, std::uint32_t epochs) {
    const auto context = static_cast<std::uint64_t>(preset.context);
    const auto sequences_max = static_cast<std::uint64_t>(preset.sequences_per_step);
    Plan plan;
    plan.windows = tokens == 0 ? 0 : (tokens - 1) / context;
    if (tokens < tokens_min(preset))
        return input_error(
            fmt::format("the dataset has {} tokens; model '{}' needs at least {} (two windows of {} and one more)",
                        tokens, preset.name, tokens_min(preset), context));
    plan.validation_windows =
        std::clamp<std::uint64_t>(plan.windows / validation_one_in, 1, preset.validation_windows_max);
    plan.training_windows = plan.windows - plan.validation_windows;
    const std::uint64_t sequences =
        std::clamp<std::uint64_t>(plan.training_windows / steps_per_epoch_min, 1, sequences_max);
    plan.sequences_per_step = static_cast<std::int64_t>(sequences);
    plan.steps_per_epoch = plan.training_windows / sequences;
    plan.steps_total = plan.steps_per_epoch * epochs;
    plan.segments = trainer_protocol::segment_count(plan.steps_total, epochs);
    return plan;
}

WindowOrder::WindowOrder(const Plan& plan, const JobId& job)
    : plan_(plan), order_seed_(derive_seed(job, "order")), split_(plan.windows, derive_seed(job, "validation"), 0) {}

std::vector<std::uint64_t> WindowOrder::of_step(std::uint64_t step) const {
    const std::uint64_t epoch = step / plan_.steps_per_epoch;
    const std::uint64_t first = step % plan_.steps_per_epoch * static_cast<std::uint64_t>(plan_.sequences_per_step);
    const Permutation shuffle(plan_.training_windows, order_seed_, epoch);
    std::vector<std::uint64_t> windows(static_cast<std::size_t>(plan_.sequences_per_step));
    for (std::size_t i = 0; i < windows.size(); ++i) windows[i] = split_(plan_.validation_windows + shuffle(first + i));
    return windows;
}

std::vector<std::uint64_t> WindowOrder::validation() const {
    std::vector<std::uint64_t> windows(plan_.validation_windows);
    for (std::size_t i = 0; i < windows.size(); ++i) windows[i] = split_(i);
    return windows;
}

}  // namespace emeth::trainer
