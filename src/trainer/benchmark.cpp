#include "trainer/benchmark.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <atomic>
#include <boost/json/object.hpp>
#include <chrono>
#include <cmath>
#include <thread>

#include "runtime/clock.hpp"
#include "runtime/json_fields.hpp"
#include "trainer/checkpoints/checkpoint.hpp"
#include "trainer/checkpoints/checkpoint_interval.hpp"
#include "trainer/model/compute.hpp"
#include "trainer/model/gpu.hpp"
#include "trainer/trial_run.hpp"

namespace emeth::trainer {
namespace {

constexpr std::uint64_t warm_up_steps = 2;

struct CheckpointCost {
    double whole_s = 0;  ///< copying and writing: the interval depends on it
    double lost_s = 0;   ///< training time: the copy, and how much the writing slowed down the steps
};

/// Copies the state of `trial` and goes on training while another thread writes it, as CheckpointWriter does. `step_s`:
/// the time of an undisturbed step.
Result<CheckpointCost> save(TrialRun& trial, const std::filesystem::path& folder, double step_s) {
    const Milliseconds start = system_clock().monotonic();
    const StateCopy copy(trial.state());
    CheckpointCost cost{.lost_s = seconds_since(start)};
    std::atomic<bool> done = false;
    Result<Hash256> written = Hash256{};
    std::thread writer([&] {
        written = CheckpointStore(folder, Hash256{}, trial.layout().count()).save(copy.wait());
        cost.whole_s = seconds_since(start);
        done = true;
    });
    const Milliseconds training = system_clock().monotonic();
    int steps = 0;
    for (; !done; ++steps) trial.step();
    cost.lost_s += std::max(0.0, seconds_since(training) - steps * step_s);
    writer.join();
    if (written.has_error()) return written.error();
    return cost;
}

/// Everything the peer needs to build the same model and train the same steps.
boost::json::object shape_of(const Preset& preset) {
    return {{"width", preset.width},           {"layers", preset.layers},
            {"heads", preset.heads},           {"context", preset.context},
            {"vocabulary", preset.vocabulary}, {"sequences_per_step", preset.sequences_per_step}};
}

/// GFLOP/s of the best square product.
double measure_peak(const Compute& compute) {
    const at::ScalarType type = compute.precision == Precision::bf16 ? at::kBFloat16 : at::kFloat;
    const std::int64_t largest = compute.device.is_cpu() ? 4'096 : 8'192;
    double best = 0;
    for (std::int64_t size = largest / 4; size <= largest; size *= 2) {
        const at::Tensor a = at::randn({size, size}).to(compute.device, type);
        at::Tensor out = at::mm(a, a);
        const std::int64_t repeats = 4 * (largest / size) * (largest / size);
        gpu::Event done;
        done.record(compute.device);
        done.wait();
        const Milliseconds start = system_clock().monotonic();
        for (std::int64_t i = 0; i < repeats; ++i) at::mm_out(out, a, a);
        done.record(compute.device);
        done.wait();
        const auto n = static_cast<double>(size);
        best = std::max(best, static_cast<double>(repeats) * 2 * n * n * n / seconds_since(start) / 1e9);
    }
    return best;
}

}  // namespace

Result<std::string> run_benchmark(const std::string& model, const trainer_protocol::ComputeOptions& options,
                                  std::uint64_t steps, std::uint32_t sequences, const std::filesystem::path& folder) {
    Result<Preset> preset = trainer_protocol::find_preset(model);
    if (preset.has_error()) return preset.error();
    if (sequences > 0) preset->sequences_per_step = sequences;
    const Result<Compute> compute = resolve_compute(options, *preset);
    if (compute.has_error()) return compute.error();

    TrialRun trial(*preset, *compute);
    const double first_loss = trial.step();
    for (std::uint64_t i = 1; i < warm_up_steps; ++i) trial.step();
    const Milliseconds start = system_clock().monotonic();
    for (std::uint64_t i = 0; i < steps; ++i) trial.step();
    const double step_s = seconds_since(start) / static_cast<double>(steps);
    const double tokens_per_s = static_cast<double>(trial.tokens_per_step()) / step_s;
    const Result<CheckpointCost> checkpoint = save(trial, folder, step_s);
    if (checkpoint.has_error()) return checkpoint.error();
    const Milliseconds interval =
        checkpoint_interval(Milliseconds(std::llround(1e3 * checkpoint->whole_s)), std::chrono::hours(24));
    const boost::json::object figures{{"model", model},
                                      {"shape", shape_of(*preset)},
                                      {"steps", steps},
                                      {"precision", precision_name(compute->precision)},
                                      {"device", compute->device.str()},
                                      {"threads", compute->threads},
                                      {"micro_batch", trial.micro_batch()},
                                      {"first_loss", first_loss},
                                      {"tokens_per_s", tokens_per_s},
                                      {"flops_per_token", preset->flops_per_token()},
                                      {"gflops", tokens_per_s * preset->flops_per_token() / 1e9},
                                      {"peak_gflops", measure_peak(*compute)},
                                      {"checkpoint_s", checkpoint->whole_s},
                                      {"checkpoint_lost_s", checkpoint->lost_s},
                                      {"checkpoint_interval_s", std::chrono::duration<double>(interval).count()}};
    return json_text(figures);
}

}  // namespace emeth::trainer
