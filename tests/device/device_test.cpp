// Training on a device, against this machine's CPU: gradients, losses, exact resume, and that each verifies what the
// other has trained. EMETH_DEVICE names the device, "cuda:0" for example. Without it the CPU is compared with itself,
// by the code for GPUs where that can run there, so that these tests work when a GPU is at hand.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "integration/trainer/trainer_process.hpp"
#include "integration/trainer/verification_bench.hpp"
#include "integration/trainer/workshop.hpp"
#include "runtime/processors.hpp"
#include "trainer/model/autograd_model.hpp"
#include "trainer/model/gpu.hpp"
#include "trainer/model/model.hpp"
#include "trainer/trial_run.hpp"

namespace emeth::test {
namespace {

using trainer::Batch;
using trainer::Compute;
using trainer::Model;
using trainer::ParameterLayout;
using trainer::Precision;
using trainer_protocol::CheckpointSaved;
using trainer_protocol::find_preset;
using trainer_protocol::Preset;
using trainer_protocol::Trained;
using trainer_protocol::TrainerReport;

std::string device_name() {
    const char* name = std::getenv("EMETH_DEVICE");
    return name == nullptr ? "cpu" : name;
}

double relative_difference(const at::Tensor& a, const at::Tensor& b) {
    return ((a - b).norm() / b.norm()).item<double>();
}

/// A JOB that the device trains.
struct DeviceBench : Bench {
    DeviceBench() { request.compute.device = device_name(); }
};

class DeviceTest : public ::testing::Test {
protected:
    void SetUp() override {
        at::set_num_threads(static_cast<int>(processors()));
        trainer::gpu::prepare(device);
    }

    const at::Device device{device_name()};
};

TEST_F(DeviceTest, GradientsAreThoseOfTheCpu) {
    const Preset preset = *find_preset("d256");
    constexpr std::int64_t sequences = 2;
    const ParameterLayout layout(preset);
    const at::Tensor weights = trainer::initial_weights(layout, JobId{});
    const at::Tensor expected = at::zeros_like(weights);
    const Batch batch = trainer::trial_batch(preset, sequences, 0);
    const auto reference = trainer::make_model(preset, Precision::float32, layout, weights, expected, sequences);
    reference->forward_backward(batch, 0.01F, {});
    const double expected_loss = reference->take_loss_sum();
    for (const Precision precision : {Precision::float32, Precision::bf16}) {
        const bool exact = precision == Precision::float32;
        const at::Tensor found = at::zeros_like(weights, at::TensorOptions().device(device));
        const auto model =
            trainer::make_autograd_model(preset, precision, layout, weights.to(device), found, sequences);
        model->forward_backward(batch, 0.01F, {});
        const double loss = model->take_loss_sum() / expected_loss - 1;
        const double gradient = relative_difference(found.cpu(), expected);
        fmt::print("{}: the loss differs by {:.1e}, the gradient by {:.1e}\n", precision_name(precision), loss,
                   gradient);
        EXPECT_LT(std::abs(loss), exact ? 1e-5 : 2e-3);
        EXPECT_LT(gradient, exact ? 1e-4 : 0.05);
    }
}

/// More steps than a recording of launches needs to begin.
TEST_F(DeviceTest, LossesFallAsOnTheCpu) {
    constexpr int steps = 30;
    const Preset preset = *find_preset("nano");
    for (const Precision precision : {Precision::float32, Precision::bf16}) {
        trainer::TrialRun here(preset, Compute{device, precision, 16, 1});
        trainer::TrialRun on_cpu(preset, Compute{at::kCPU, precision, 16, 1});
        double worst = 0;
        double last = 0;
        for (int step = 0; step < steps; ++step) {
            last = on_cpu.step();
            worst = std::max(worst, std::abs(here.step() / last - 1));
        }
        fmt::print("{}: {} losses differ by at most {:.1e}; the last one is {:.3f}\n", precision_name(precision), steps,
                   worst, last);
        EXPECT_LT(worst, precision == Precision::float32 ? 1e-3 : 2e-2);
    }
}

TEST_F(DeviceTest, AKilledRunEndsWithTheSameBytes) {
    const DeviceBench whole;
    const Trained reference = train_to_end(whole);
    const std::uint64_t steps = reference.artifact.steps;
    const DeviceBench killed;
    for (const std::uint64_t step : {steps / 3, 2 * steps / 3}) {
        const auto report = run_trainer(killed.request, killed.log(), [&](const TrainerReport& each) {
            const auto* saved = std::get_if<CheckpointSaved>(&each);
            return saved != nullptr && saved->checkpoint.step >= step;
        });
        ASSERT_FALSE(report.has_value()) << "it was to be killed at step " << step;
    }
    const Trained resumed = train_to_end(killed);
    EXPECT_EQ(resumed.artifact.sha256.hex(), reference.artifact.sha256.hex());
}

/// Each trains in its own number type; the verifier takes the recorded one.
TEST_F(DeviceTest, EachVerifiesWhatTheOtherHasTrained) {
    for (const auto& [trains, verifies] :
         {std::pair{device_name(), std::string("cpu")}, std::pair{std::string("cpu"), device_name()}}) {
        for (const char* precision : {"float32", "bf16"}) {
            Bench work;
            work.request.compute.device = trains;
            work.request.compute.precision = precision;
            const Trained trained = train_to_end(work);
            const TemporaryFolder scratch;
            trainer_protocol::CheckRequest request = request_for(work, trained, work.artifact(), scratch);
            request.compute.device = verifies;
            const trainer_protocol::Checked checked = check(request);
            EXPECT_TRUE(checked.passed) << checked.reason;
            const trainer_protocol::Deviation& found = checked.worst;
            fmt::print(
                "{}, trained on {}, verified on {}: weights differ by {:.1e}, moments by {:.1e}, losses by {:.1e}\n",
                precision, trains, verifies, found.weights, found.first_moments, found.loss);
        }
    }
}

}  // namespace
}  // namespace emeth::test
