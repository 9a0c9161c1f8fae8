// The written-out backward pass against libtorch's automatic one, and bf16 against float32.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

#include "trainer/artifact/safetensors.hpp"
#include "trainer/data/seed.hpp"
#include "trainer/model/autograd_model.hpp"
#include "trainer/model/model.hpp"

namespace emeth::trainer {
namespace {

using trainer_protocol::find_preset;

/// More than one block of attention rows, the last one short; more than one chunk of logits.
Preset small_preset() {
    Preset preset = *find_preset("nano");
    preset.width = 48;
    preset.heads = 3;
    preset.context = 80;
    preset.vocabulary = 300;
    return preset;
}

const JobId job = *JobId::parse("0x00000000000000000000000000000001");

/// Initial weights, made larger so that every part of the model matters.
at::Tensor lively_weights(const ParameterLayout& layout) {
    at::Tensor weights = initial_weights(layout, job);
    SeededStream random(derive_seed(job, "test"));
    float* values = weights.data_ptr<float>();
    for (std::int64_t i = 0; i < weights.numel(); ++i)
        values[i] = 3 * values[i] + static_cast<float>(0.05 * random.normal());
    return weights;
}

Batch random_batch(const Preset& preset, std::int64_t sequences) {
    SeededStream random(derive_seed(job, "batch"));
    Batch batch{sequences, {}, {}};
    for (std::int64_t i = 0; i < sequences * preset.context; ++i) {
        batch.inputs.push_back(static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(preset.vocabulary))));
        batch.targets.push_back(static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(preset.vocabulary))));
    }
    return batch;
}

double relative_difference(const at::Tensor& a, const at::Tensor& b) {
    return ((a - b).norm() / b.norm()).item<double>();
}

struct ModelTest : ::testing::TestWithParam<int> {
    void SetUp() override { at::set_num_threads(GetParam()); }
};

TEST_P(ModelTest, LossAndGradientsAreThoseOfAutomaticDifferentiation) {
    const Preset preset = small_preset();
    const ParameterLayout layout(preset);
    const at::Tensor weights = lively_weights(layout);
    const at::Tensor gradients = at::zeros_like(weights);
    const Batch batch = random_batch(preset, 5);
    const auto model = make_model(preset, Precision::float32, layout, weights, gradients, 5);
    model->forward_backward(batch, 0.25F, {});
    const double loss = model->take_loss_sum();

    const at::Tensor expected = at::zeros_like(weights);
    const auto reference = make_autograd_model(preset, Precision::float32, layout, weights, expected, 5);
    reference->forward_backward(batch, 0.25F, {});
    const double expected_loss = reference->take_loss_sum();
    EXPECT_NEAR(loss / expected_loss, 1, 1e-6);
    EXPECT_NEAR(model->loss(batch) / expected_loss, 1, 1e-6);
    for (const Parameter& parameter : layout.parameters())
        EXPECT_LT(relative_difference(layout.view(gradients, parameter.name), layout.view(expected, parameter.name)),
                  1e-4)
            << parameter.name;
    const std::vector<std::int32_t> tokens(batch.inputs.begin(), batch.inputs.begin() + 7);
    EXPECT_LT(relative_difference(model->logits(tokens), reference->logits(tokens)), 1e-5);
}

/// A team sends them while the rest is computed.
TEST_P(ModelTest, WhatIsReadyDoesNotChangeAnyMore) {
    const Preset preset = small_preset();
    const ParameterLayout layout(preset);
    const at::Tensor weights = lively_weights(layout);
    for (const Precision precision : {Precision::float32, Precision::bf16}) {
        const at::Tensor gradients = at::zeros_like(weights);
        const auto model = make_model(preset, precision, layout, weights, gradients, 3);
        std::vector<at::Tensor> ready;
        model->forward_backward(random_batch(preset, 3), 1, [&](std::int64_t first) {
            ready.push_back(gradients.narrow(0, first, layout.count() - first).clone());
        });
        ASSERT_EQ(ready.size(), static_cast<std::size_t>(preset.layers));
        for (const at::Tensor& part : ready)
            EXPECT_TRUE(at::equal(part, gradients.narrow(0, layout.count() - part.numel(), part.numel())));
        EXPECT_EQ(layout.view(gradients, "transformer.h.0.ln_1.weight").data_ptr<float>(),
                  gradients.data_ptr<float>() + layout.count() - ready.back().numel())
            << "all but the embeddings";
    }
}

/// The model for GPUs, here on the CPU: several batches a step, changed weights, bf16.
TEST_P(ModelTest, TheAutogradModelCollectsAStep) {
    const Preset preset = small_preset();
    const ParameterLayout layout(preset);
    at::Tensor weights = lively_weights(layout);
    const Batch batch = random_batch(preset, 3);
    for (const Precision precision : {Precision::float32, Precision::bf16}) {
        const at::Tensor collected = at::zeros_like(weights);
        const at::Tensor expected = at::zeros_like(weights);
        const auto model = make_autograd_model(preset, precision, layout, weights, collected, 3);
        const auto reference = make_model(preset, Precision::float32, layout, weights, expected, 3);
        for (int step = 0; step < 2; ++step) {
            collected.zero_();
            expected.zero_();
            for (int i = 0; i < 2; ++i) {
                model->forward_backward(batch, 0.5F, {});
                reference->forward_backward(batch, 0.5F, {});
            }
            EXPECT_NEAR(model->take_loss_sum() / reference->take_loss_sum(), 1,
                        precision == Precision::bf16 ? 5e-3 : 1e-5);
            EXPECT_LT(relative_difference(collected, expected), precision == Precision::bf16 ? 0.05 : 1e-4) << step;
            weights.mul_(0.9);
            model->weights_changed();
            reference->weights_changed();
        }
        EXPECT_NEAR(model->loss(batch) / reference->loss(batch), 1, precision == Precision::bf16 ? 5e-3 : 1e-5);
    }
}

TEST_P(ModelTest, GradientsOfMicroBatchesAddUp) {
    const Preset preset = small_preset();
    const ParameterLayout layout(preset);
    const at::Tensor weights = lively_weights(layout);
    const at::Tensor once = at::zeros_like(weights);
    const at::Tensor added = at::zeros_like(weights);
    const Batch batch = random_batch(preset, 2);
    make_model(preset, Precision::float32, layout, weights, once, 4)->forward_backward(batch, 1, {});
    const auto model = make_model(preset, Precision::float32, layout, weights, added, 1);
    const auto split = [&](const std::vector<std::int32_t>& tokens, std::int64_t half) {
        return std::vector<std::int32_t>(tokens.begin() + half * preset.context,
                                         tokens.begin() + (half + 1) * preset.context);
    };
    for (const std::int64_t half : {0, 1})
        model->forward_backward({1, split(batch.inputs, half), split(batch.targets, half)}, 1, {});
    EXPECT_LT(relative_difference(added, once), 1e-5);
}

TEST_P(ModelTest, Bf16IsCloseToFloat32) {
    const Preset preset = small_preset();
    const ParameterLayout layout(preset);
    const at::Tensor weights = lively_weights(layout);
    const at::Tensor exact = at::zeros_like(weights);
    const at::Tensor rounded = at::zeros_like(weights);
    const Batch batch = random_batch(preset, 4);
    const auto model = make_model(preset, Precision::float32, layout, weights, exact, 4);
    const auto bf16_model = make_model(preset, Precision::bf16, layout, weights, rounded, 4);
    model->forward_backward(batch, 1, {});
    bf16_model->forward_backward(batch, 1, {});
    EXPECT_NEAR(bf16_model->take_loss_sum() / model->take_loss_sum(), 1, 5e-3);
    EXPECT_LT(relative_difference(rounded, exact), 0.05);
}

INSTANTIATE_TEST_SUITE_P(Threads, ModelTest, ::testing::Values(1, 2));

TEST(Safetensors, RoundTrip) {
    const Preset preset = small_preset();
    const ParameterLayout layout(preset);
    const at::Tensor weights = lively_weights(layout);
    const Result<at::Tensor> read = read_safetensors(write_safetensors(layout, weights), layout);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(at::equal(*read, weights));
}

TEST(InitialWeights, DependOnTheJobAlone) {
    const ParameterLayout layout(small_preset());
    EXPECT_TRUE(at::equal(initial_weights(layout, job), initial_weights(layout, job)));
    const at::Tensor other = initial_weights(layout, *JobId::parse("0x00000000000000000000000000000002"));
    EXPECT_FALSE(at::equal(initial_weights(layout, job), other));
    EXPECT_NEAR(layout.view(other, "transformer.wte.weight").std().item<double>(), 0.02, 0.001);
}

}  // namespace
}  // namespace emeth::trainer
