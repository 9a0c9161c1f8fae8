#include "trainer/calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/log.hpp"
#include "runtime/memory_limit.hpp"
#include "trainer/data/tokenizer.hpp"
#include "trainer/model/machine.hpp"
#include "trainer/trial_run.hpp"

namespace emeth::trainer {
namespace {

using trainer_protocol::Calibrated;
using trainer_protocol::Calibration;
using trainer_protocol::Speed;
using trainer_protocol::SpeedSource;

/// Presets up to here are measured; a worker that starts need not train a large model for that.
constexpr double measured_flops_per_token = 1e8;
/// For all presets together, and for the measured steps of one.
constexpr double budget_s = 10, measured_s = 1.5;
/// Of float32: weights, gradients and the two moments, and a copy of the state while a checkpoint is written.
constexpr std::uint64_t bytes_per_weight = 7 * sizeof(float);

std::uint64_t memory_needed(const Preset& preset, Precision precision) {
    return bytes_per_weight * preset.weight_count() + activation_bytes(preset, precision, 1);
}

/// Tokens per second in steps of one micro-batch: in a whole step the optimiser's share is less. Of 25 steps the fifth
/// fastest counts, so that a moment's load of the machine does not.
double measure(Preset preset, const Compute& compute) {
    preset.sequences_per_step = std::min(compute.micro_batch, preset.sequences_per_step);
    TrialRun trial(preset, compute);
    trial.step();
    std::vector<double> times;
    const Milliseconds start = system_clock().monotonic();
    for (Milliseconds begun = start; times.size() < 2 || seconds_since(start) < measured_s;
         begun = system_clock().monotonic()) {
        trial.step();
        times.push_back(std::max(1e-3, seconds_since(begun)));
    }
    std::ranges::sort(times);
    return static_cast<double>(trial.tokens_per_step()) / times[times.size() / 5];
}

}  // namespace

Result<Calibrated> calibrate(const trainer_protocol::CalibrateRequest& request, Reporter& reporter) {
    std::vector<Preset> smallest_first(trainer_protocol::presets().begin(), trainer_protocol::presets().end());
    std::ranges::sort(smallest_first, {}, &Preset::flops_per_token);
    const Result<Compute> available = resolve_compute(request.compute, smallest_first.front());
    if (available.has_error()) return available.error();
    if (const Result<void> tokenizers = check_sentencepiece(); tokenizers.has_error()) return tokenizers.error();
    Calibration calibration{machine_description(request.compute), {}};
    if (request.known && request.known->machine == calibration.machine && !request.known->training.empty())
        return Calibrated{*request.known};

    const Milliseconds start = system_clock().monotonic();
    double flops_per_s = 0;  // of the last preset that was measured
    for (const Preset& preset : smallest_first) {
        const Result<Compute> compute = resolve_compute(request.compute, preset);
        if (compute.has_error()) return compute.error();
        const std::uint64_t needed = memory_needed(preset, compute->precision);
        if (compute->device.is_cpu() && needed > memory_limit()) {
            spdlog::warn("{} needs {} MiB of memory, {} MiB are there: JOBs of it are not taken", preset.name,
                         needed >> 20, memory_limit() >> 20);
            continue;
        }
        reporter.report(trainer_protocol::Progress{.stage = "calibration"});
        // How much memory a GPU has is found out by training on it.
        const bool on_gpu = !compute->device.is_cpu();
        const bool measured =
            flops_per_s == 0 || on_gpu ||
            (preset.flops_per_token() <= measured_flops_per_token && seconds_since(start) + measured_s < budget_s);
        try {
            if (measured) flops_per_s = measure(preset, *compute) * preset.flops_per_token();
        } catch (const std::exception& exception) {
            if (!on_gpu || flops_per_s == 0) throw;
            spdlog::warn("{} cannot be trained here: {}", preset.name, exception.what());
            continue;
        }
        const Speed speed{flops_per_s / preset.flops_per_token(),
                          measured ? SpeedSource::tried : SpeedSource::extrapolated};
        spdlog::info("{}: {:.0f} tokens/s{}", preset.name, speed.tokens_per_s, measured ? "" : " (extrapolated)");
        calibration.training[std::string(preset.name)] = speed;
    }
    if (calibration.training.empty())
        return permanent_error(
            fmt::format("no preset fits into {} MiB of memory: a worker needs more", memory_limit() >> 20));
    return Calibrated{std::move(calibration)};
}

}  // namespace emeth::trainer
