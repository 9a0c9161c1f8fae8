#include "node/market/finish_estimate.hpp"

#include <algorithm>
#include <cmath>

#include "chain/gas.hpp"
#include "node/market/team_speed.hpp"
#include "trainer_protocol/epoch_tokens.hpp"
#include "trainer_protocol/job_param.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::node {
namespace {

constexpr double longest_s = 1e12;  // 30,000 years: keeps sums of times far from overflow

/// Of a line that is slow for a machine that trains, and of one processor that counts and encodes (bench tokens: 9 MB/s
/// and a tokenizer in 1 to 4 s on two). What is not measured is assumed on the careful side.
constexpr double transferred_bytes_per_s = 2e6, tokenised_bytes_per_s = 1e6, tokenizer_s = 20;
/// Every epoch is followed by a look at the states, and the run by hashing, packing and the transaction.
constexpr double epilogue_s = 30;
/// A forward pass is a third of a step.
constexpr double validation_share = 1.0 / 3;

std::int64_t seconds(double time) {
    return static_cast<std::int64_t>(std::ceil(std::min(time, longest_s)));
}

}  // namespace

Result<Workload> workload_of(const statemachine::Terms& terms, const trainer_protocol::NetworkRules& rules) {
    const auto spec = trainer_protocol::parse_job_param(terms.id, terms.param, rules);
    if (spec.has_error()) return spec.error();
    const std::uint64_t gas = chain::published_dataset_gas(terms.dataset_bytes);
    return Workload{spec->model, spec->epochs, terms.dataset_bytes, gas, rules.draws};
}

trainer_protocol::RoomNeeded room_of(const Workload& work) {
    return trainer_protocol::room_needed(work.model, work.epochs, work.dataset_bytes, work.draws);
}

std::optional<std::string> why_unable(const WorkerInfo& worker, const Workload& work) {
    if (auto reason = why_unfit(worker.fitness, work.model)) return reason;
    return why_no_room(*worker.fitness, room_of(work));
}

namespace {

enum class Text { ordinary, worst };

double tokens_per_step(const trainer_protocol::Preset& preset) {
    return static_cast<double>(preset.sequences_per_step) * static_cast<double>(preset.context);
}

/// Of one epoch.
double tokens_trained(const trainer_protocol::Preset& preset, std::uint64_t dataset_bytes, Text text) {
    const trainer_protocol::EpochTokens bounds = trainer_protocol::epoch_tokens(preset, dataset_bytes);
    if (text == Text::worst) return static_cast<double>(bounds.at_most);
    return std::max(static_cast<double>(dataset_bytes) / preset.bytes_per_token, static_cast<double>(bounds.at_least));
}

/// Before the first step and after the last one.
double around_training_s(const Workload& work, const trainer_protocol::Preset& preset) {
    const double artifact_bytes = static_cast<double>(preset.weight_count()) * sizeof(float);
    return static_cast<double>(dataset_estimate_s(work.dataset_bytes)) + artifact_bytes / transferred_bytes_per_s +
           epilogue_s;
}

struct AloneEstimate {
    double training_s = longest_s, other_s = 0;
};

AloneEstimate estimate_alone(const Workload& work, const WorkerInfo& worker, const trainer_protocol::Preset& preset,
                             double trained) {
    const double around_s = around_training_s(work, preset);
    if (worker.power_capacity > 0) {
        const auto total_s =
            static_cast<double>(chain::finish_estimate_s(work.gas, worker.power_capacity, work.epochs));
        const double other_s = std::min(around_s, total_s);
        return {total_s - other_s, other_s};
    }
    if (why_unfit(worker.fitness, work.model)) return {};
    const double tokens_per_s = worker.fitness->tokens_per_s.at(work.model);
    const auto validated =
        static_cast<double>(preset.validation_windows_max) * static_cast<double>(preset.context) * validation_share;
    return {trained / tokens_per_s, around_s + validated / tokens_per_s};
}

std::int64_t estimate_s(const Workload& work, const WorkerInfo& worker, std::uint32_t team, Text text) {
    const auto preset = trainer_protocol::find_preset(work.model);
    if (preset.has_error()) return static_cast<std::int64_t>(longest_s);
    const double trained = tokens_trained(*preset, work.dataset_bytes, text) * work.epochs;
    const AloneEstimate alone = estimate_alone(work, worker, *preset, trained);
    if (team <= 1) return seconds(alone.other_s + alone.training_s);
    const TeamTraining training{.alone_s = alone.training_s,
                                .steps = trained / tokens_per_step(*preset),
                                .helpers_join_after_s = static_cast<double>(dataset_estimate_s(work.dataset_bytes)),
                                .weights = preset->weight_count()};
    return seconds(alone.other_s + team_training_s(training, team));
}

using Estimate = std::int64_t (*)(const Workload& work, const WorkerInfo& worker, std::uint32_t team);

std::optional<SlowestWorker> slowest_idle(const Workload& work, const std::vector<WorkerInfo>& workers,
                                          std::uint32_t team, Estimate estimate) {
    std::optional<SlowestWorker> slowest;
    for (const WorkerInfo& worker : workers) {
        if (!is_idle(worker) || why_unable(worker, work)) continue;
        const std::int64_t estimate_s = estimate(work, worker, team);
        if (!slowest || estimate_s > slowest->estimate_s) slowest = SlowestWorker{&worker, estimate_s};
    }
    return slowest;
}

std::optional<std::int64_t> estimate_of(const std::optional<SlowestWorker>& slowest) {
    return slowest ? std::optional(slowest->estimate_s) : std::nullopt;
}

}  // namespace

std::int64_t finish_estimate_s(const Workload& work, const WorkerInfo& worker, std::uint32_t team) {
    return estimate_s(work, worker, team, Text::ordinary);
}

std::int64_t finish_estimate_at_worst_s(const Workload& work, const WorkerInfo& worker, std::uint32_t team) {
    return estimate_s(work, worker, team, Text::worst);
}

std::int64_t dataset_estimate_s(std::uint64_t dataset_bytes) {
    const auto bytes = static_cast<double>(dataset_bytes);
    return seconds(bytes / transferred_bytes_per_s + tokenizer_s + bytes / tokenised_bytes_per_s);
}

std::optional<SlowestWorker> slowest_idle_worker(const Workload& work, const std::vector<WorkerInfo>& workers,
                                                 std::uint32_t team) {
    return slowest_idle(work, workers, team, finish_estimate_s);
}

std::optional<std::int64_t> slowest_idle_estimate_s(const Workload& work, const std::vector<WorkerInfo>& workers,
                                                    std::uint32_t team) {
    return estimate_of(slowest_idle_worker(work, workers, team));
}

std::optional<std::int64_t> slowest_idle_estimate_at_worst_s(const Workload& work,
                                                             const std::vector<WorkerInfo>& workers,
                                                             std::uint32_t team) {
    return estimate_of(slowest_idle(work, workers, team, finish_estimate_at_worst_s));
}

}  // namespace emeth::node
