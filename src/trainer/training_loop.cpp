#include "trainer/training_loop.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "runtime/clock.hpp"
#include "trainer/model/evaluation.hpp"
#include "trainer/model/gpu.hpp"
#include "trainer/model/model.hpp"
#include "trainer/model/optimiser.hpp"
#include "trainer/model/step_gradients.hpp"

namespace emeth::trainer {
namespace {

constexpr Milliseconds progress_interval{250};

/// Decides when to save and when to report. What else reads a clock here is when a team begins to sum; none of it
/// influences the result.
class Pace {
public:
    Pace(const TrainingSetup& setup, std::uint64_t first_step)
        : fixed_interval_(setup.checkpoint_interval_ms),
          tokens_per_step_(static_cast<double>(setup.plan.sequences_per_step * setup.preset.context)),
          saved_at_(now()),
          reported_at_(now()),
          reported_step_(first_step) {}

    bool checkpoint_due(const StateKeeper& keeper) {
        const Milliseconds interval = fixed_interval_.count() > 0 ? fixed_interval_ : keeper.checkpoint_interval();
        if (now() < saved_at_ + interval) return false;
        saved_at_ = now();
        return true;
    }

    bool report_due() const { return now() >= reported_at_ + progress_interval; }
    double tokens_per_s_since_report(std::uint64_t step) {
        const double seconds = seconds_since(reported_at_);
        const double tokens = static_cast<double>(step - reported_step_) * tokens_per_step_;
        reported_at_ = now();
        reported_step_ = step;
        return tokens / seconds;
    }

private:
    static Milliseconds now() { return system_clock().monotonic(); }

    Milliseconds fixed_interval_;
    double tokens_per_step_;
    Milliseconds saved_at_;
    Milliseconds reported_at_;
    std::uint64_t reported_step_;
};

}  // namespace

Result<void> train(const TrainingSetup& setup, const ParameterLayout& layout, const TokenFile& tokens,
                   TrainingState& state, StateKeeper& keeper, Team& team, Reporter& reporter) {
    const Plan& plan = setup.plan;
    const WindowOrder order(plan, setup.job);
    std::int64_t micro_batch = std::min(setup.compute.micro_batch, plan.sequences_per_step);
    const auto tokens_per_step = static_cast<double>(plan.sequences_per_step * setup.preset.context);
    gpu::prepare(setup.compute.device);
    state.move_to(setup.compute.device);
    at::Tensor gradients = at::zeros_like(state.weights);
    const std::unique_ptr<Model> model =
        make_model(setup.preset, setup.compute.precision, layout, state.weights, gradients, micro_batch);
    Pace pace(setup, state.step);

    std::optional<std::uint64_t> begun;  // a step may be tried several times
    while (state.step < setup.last_step) {
        if (std::exchange(begun, state.step) != state.step) {
            if (Result<void> kept = keeper.step_begins(state); !kept) return kept;
        }
        const Result<bool> replaced = team.step_begins(state);
        if (replaced.has_error()) return replaced.error();
        if (*replaced) model->weights_changed();
        const std::vector<std::uint64_t> windows = order.of_step(state.step);
        Milliseconds batch_began{0};
        const auto read = [&](std::size_t first, std::size_t count) {
            batch_began = system_clock().monotonic();
            return read_batch(tokens, setup.preset, std::span(windows).subspan(first, count));
        };
        const std::int64_t micro_batch_before = micro_batch;
        const auto ready = [&](std::int64_t first) {
            team.gradients_ready(gradients, first, system_clock().monotonic() - batch_began);
        };
        double loss_sum = share_gradients(*model, gradients, team.share(windows.size()),
                                          static_cast<float>(1 / tokens_per_step), micro_batch, read, ready);
        if (micro_batch != micro_batch_before) keeper.micro_batch_changed(micro_batch);
        const Result<bool> summed = team.sum(gradients, loss_sum);
        if (summed.has_error()) return summed.error();
        if (!*summed) continue;  // from the same state
        const double loss = loss_sum / tokens_per_step;
        const double norm = gradient_norm(gradients);
        const bool finite = std::isfinite(loss) && std::isfinite(norm);
        if (!finite && team.leave_the_others()) continue;
        if (!finite)
            return input_error(fmt::format("training diverged at step {}: the loss is {}, the gradient's norm {}",
                                           state.step + 1, loss, norm));
        update_weights(setup.preset, layout, gradients, norm, plan.steps_total, state);
        model->weights_changed();
        state.losses.push_back(static_cast<float>(loss));
        if (Result<void> noted = keeper.step_computed(state.step, team.others()); !noted) return noted;
        ++state.step;

        if (pace.report_due())
            reporter.report(
                trainer_protocol::Progress{.stage = "training",
                                           .epoch = static_cast<std::uint32_t>(state.step / plan.steps_per_epoch),
                                           .step = state.step,
                                           .steps_total = plan.steps_total,
                                           .loss = loss,
                                           .tokens_per_s = pace.tokens_per_s_since_report(state.step),
                                           .workers = team.workers()});
        if (pace.checkpoint_due(keeper)) {
            if (Result<void> taken = keeper.checkpoint_due(state); !taken) return taken;
        }
    }
    state.move_to(at::kCPU);
    return {};
}

}  // namespace emeth::trainer
