#include "integration/trainer/dishonest_training.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <stdexcept>

#include "crypto/sha256.hpp"
#include "trainer/model/evaluation.hpp"
#include "trainer/model/optimiser.hpp"
#include "trainer/training_loop.hpp"
#include "trainer/verification/segment_deviation.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::test {

using namespace trainer;

namespace {

constexpr std::uint64_t memory_bytes = 1ULL << 30;

struct Silent final : Reporter {
    void report(trainer_protocol::TrainerReport) override {}
};

struct KeepsSome final : StateKeeper {
    Result<void> step_begins(const TrainingState& state) override {
        if (wanted.contains(state.step)) kept.emplace(state.step, state.copy());
        return {};
    }
    Result<void> step_computed(std::uint64_t, std::span<const ComputeRecord>) override { return {}; }
    Result<void> checkpoint_due(const TrainingState&) override { return {}; }
    [[nodiscard]] Milliseconds checkpoint_interval() const override { return checkpoint_interval_max; }

    std::set<std::uint64_t> wanted;
    std::map<std::uint64_t, TrainingState> kept;  // by step
};

JobId job_of(std::uint8_t number) {
    return *JobId::parse(fmt::format("0x5e1f00112233445566778899aabbcc{:02x}", number));
}

PreparedData prepared(const RunChoice& choice, const Preset& preset, const TemporaryFolder& folder) {
    Silent reporter;
    write_text(folder / "dataset", choice.text);
    return prepare_data(folder / "dataset", crypto::sha256(choice.text), folder.path(), job_of(choice.job), preset, 1,
                        reporter)
        .value();
}

}  // namespace

HonestRun::HonestRun(const RunChoice& choice) : HonestRun(choice, TemporaryFolder()) {}

// The tokens stay mapped when their folder is gone.
HonestRun::HonestRun(const RunChoice& choice, const TemporaryFolder& folder)
    : job(job_of(choice.job)),
      preset(trainer_protocol::find_preset(choice.preset).value()),
      data(prepared(choice, preset, folder)),
      plan(Plan::make(preset, data.size(), choice.epochs).value()),
      compute{.precision = choice.precision, .micro_batch = find_micro_batch(preset, choice.precision, memory_bytes)},
      layout(preset) {
    KeepsSome keeper;
    for (std::uint32_t segment = 0; segment < plan.segments; ++segment) {
        if (segment % choice.every_segment != 0 && segment + 1 != plan.segments) continue;
        segments_.push_back(segment);
        for (std::uint32_t around = segment == 0 ? 0 : segment - 1; around <= segment + 2; ++around)
            keeper.wanted.insert(step_of(std::min(around, plan.segments)));
    }
    TrainingState state = TrainingState::initial(layout, job);
    const TrainingSetup setup{job, preset, plan, compute, 0, plan.steps_total};
    Alone alone;
    Silent reporter;
    train(setup, layout, data.tokens, state, keeper, alone, reporter).value();
    losses = state.losses;
    keeper.kept.emplace(state.step, std::move(state));
    for (std::uint32_t index = 0; index <= plan.segments; ++index) {
        const auto found = keeper.kept.find(step_of(index));
        if (found == keeper.kept.end()) continue;
        found->second.losses.clear();
        states_.emplace(index, found->second);
    }
}

std::uint64_t HonestRun::step_of(std::uint32_t state) const {
    return trainer_protocol::step_of_state(state, plan.segments, plan.steps_total);
}

const TrainingState* HonestRun::state(std::uint32_t index) const {
    const auto found = states_.find(index);
    return found == states_.end() ? nullptr : &found->second;
}

TrainingState HonestRun::trained_from(const TrainingState& begin, std::uint32_t segment) const {
    TrainingState again = begin.copy();
    const TrainingSetup setup{job, preset, plan, compute, 0, step_of(segment + 1)};
    KeepsNothing keeper;
    Alone alone;
    Silent reporter;
    train(setup, layout, data.tokens, again, keeper, alone, reporter).value();
    return again;
}

trainer_protocol::Deviation HonestRun::deviation(std::uint32_t segment, const TrainingState& claimed) const {
    const TrainingState& end = *state(segment + 1);
    const auto first = static_cast<std::ptrdiff_t>(step_of(segment));
    const std::vector<float> again(losses.begin() + first,
                                   losses.begin() + static_cast<std::ptrdiff_t>(step_of(segment + 1)));
    // Of the last state, only the weights are shown.
    const bool is_last = segment + 1 == plan.segments;
    return trainer::deviation({claimed.losses, claimed.weights, is_last ? nullptr : &claimed},
                              {again, end.weights, &end}, state(segment)->weights);
}

bool HonestRun::objected_to(std::uint32_t segment, const trainer_protocol::Deviation& found) const {
    const Exactness exact = compute.precision == Precision::bf16 ? Exactness::bf16 : Exactness::float32;
    if (!object_to_deviation(segment, found, usual_deviation(exact))) return false;
    auto allowed = allowed_.find(segment);
    if (allowed == allowed_.end()) {
        const TrainingState twin = trained_from(rounded_otherwise(*state(segment), exact), segment);
        allowed = allowed_.emplace(segment, allowed_deviation(exact, deviation(segment, twin))).first;
    }
    return object_to_deviation(segment, found, allowed->second).has_value();
}

DishonestSegment::DishonestSegment(const HonestRun& run, std::uint32_t segment)
    : state(run.state(segment)->copy()),
      run_(run),
      segment_(segment),
      begin_(run.step_of(segment)),
      end_(run.step_of(segment + 1)),
      gradients_(at::zeros_like(state.weights)),
      model_(make_model(run.preset, run.compute.precision, run.layout, state.weights, gradients_,
                        std::min(run.compute.micro_batch, run.plan.sequences_per_step))) {}

std::vector<std::uint64_t> DishonestSegment::windows() const {
    return WindowOrder(run_.plan, run_.job).of_step(state.step);
}

Gradient DishonestSegment::computed(Model& model, const at::Tensor& into, const Batch& batch,
                                    std::int64_t context) const {
    into.zero_();
    const auto tokens = static_cast<double>(batch.inputs.size());
    const std::int64_t at_once = std::min(run_.compute.micro_batch, run_.plan.sequences_per_step);
    for (std::int64_t first = 0; first < batch.sequences; first += at_once) {
        const std::int64_t count = std::min(at_once, batch.sequences - first);
        const auto part = [&](const std::vector<std::int32_t>& all) {
            return std::vector(all.begin() + first * context, all.begin() + (first + count) * context);
        };
        const Batch some{count, part(batch.inputs), part(batch.targets)};
        model.forward_backward(some, static_cast<float>(1 / tokens), {});
    }
    return {into.clone(), model.take_loss_sum() / tokens};
}

Gradient DishonestSegment::gradient(const std::vector<std::uint64_t>& windows) {
    return computed(*model_, gradients_, read_batch(run_.data.tokens, run_.preset, windows), run_.preset.context);
}

Gradient DishonestSegment::gradient_with(const at::Tensor& weights, Precision precision, std::int64_t positions,
                                         const std::vector<std::uint64_t>& windows) const {
    Batch batch = read_batch(run_.data.tokens, run_.preset, windows);
    Preset shape = run_.preset;
    if (positions > 0) shape.context = positions;
    const auto cut = [&](const std::vector<std::int32_t>& all) {
        std::vector<std::int32_t> some;
        for (std::int64_t sequence = 0; sequence < batch.sequences; ++sequence) {
            const auto first = all.begin() + sequence * run_.preset.context;
            some.insert(some.end(), first, first + shape.context);
        }
        return some;
    };
    const Batch some{batch.sequences, cut(batch.inputs), cut(batch.targets)};
    const at::Tensor into = at::zeros_like(weights);
    const auto model = make_model(shape, precision, run_.layout, weights, into, batch.sequences);
    return computed(*model, into, some, shape.context);
}

Gradient DishonestSegment::gradient_of_halves(const std::vector<std::uint64_t>& windows) const {
    Batch batch = read_batch(run_.data.tokens, run_.preset, windows);
    Preset shape = run_.preset;
    shape.context /= 2;
    batch.sequences *= 2;
    const at::Tensor into = at::zeros_like(state.weights);
    const auto model = make_model(shape, Precision::float32, run_.layout, state.weights, into, batch.sequences);
    return computed(*model, into, batch, shape.context);
}

double DishonestSegment::loss(const std::vector<std::uint64_t>& windows) const {
    return mean_loss(run_.preset, run_.layout, state.weights, at::kCPU, run_.data.tokens, windows);
}

void DishonestSegment::update(const Gradient& gradient, double learning_rate_factor, bool clips) {
    Preset preset = run_.preset;
    preset.learning_rate *= learning_rate_factor;
    const double norm = clips ? gradient_norm(gradient.values) : optimiser_settings.gradient_norm_max;
    update_weights(preset, run_.layout, gradient.values, norm, run_.plan.steps_total, state);
    model_->weights_changed();
    previous = gradient;
    skip(gradient.loss);
}

void DishonestSegment::skip(double claimed_loss) {
    state.losses.push_back(static_cast<float>(claimed_loss));
    ++state.step;
}

}  // namespace emeth::test
