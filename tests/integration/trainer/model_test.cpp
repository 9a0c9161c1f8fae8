// The written-out backward pass against libtorch's automatic one, and bf16 against float32.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

#include "trainer/model.hpp"
#include "trainer/safetensors.hpp"
#include "trainer/seed.hpp"

namespace emeth::trainer {
namespace {

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

at::Tensor to_tensor(const std::vector<std::int32_t>& tokens, const Preset& preset) {
    return at::tensor(at::ArrayRef<std::int32_t>(tokens)).to(at::kLong).view({-1, preset.context});
}

/// GPT-2 from libtorch's own operations; `weights` may require a gradient.
at::Tensor reference_loss_sum(const Preset& preset, const ParameterLayout& layout, const at::Tensor& weights,
                              const Batch& batch) {
    const std::int64_t d = preset.width;
    const auto w = [&](const std::string& name) { return layout.view(weights, "transformer." + name); };
    const auto norm = [&](const at::Tensor& x, const std::string& name) {
        return at::layer_norm(x, {d}, w(name + ".weight"), w(name + ".bias"), 1e-5);
    };
    const auto linear = [&](const at::Tensor& x, const std::string& name) {
        return at::matmul(x, w(name + ".weight")) + w(name + ".bias");
    };
    const at::Tensor future = at::triu(at::full({preset.context, preset.context}, -1e30), 1);
    at::Tensor x = at::embedding(w("wte.weight"), to_tensor(batch.inputs, preset)) + w("wpe.weight");
    for (std::int64_t layer = 0; layer < preset.layers; ++layer) {
        const std::string prefix = "h." + std::to_string(layer) + ".";
        const at::Tensor qkv = linear(norm(x, prefix + "ln_1"), prefix + "attn.c_attn")
                                   .view({batch.sequences, preset.context, 3, preset.heads, preset.head_width()})
                                   .permute({2, 0, 3, 1, 4});
        const at::Tensor scores =
            at::matmul(qkv[0], qkv[1].transpose(-1, -2)) / std::sqrt(static_cast<double>(preset.head_width()));
        const at::Tensor attended = at::matmul(at::softmax(scores + future, -1), qkv[2])
                                        .transpose(1, 2)
                                        .reshape({batch.sequences, preset.context, d});
        x = x + linear(attended, prefix + "attn.c_proj");
        x = x + linear(at::gelu(linear(norm(x, prefix + "ln_2"), prefix + "mlp.c_fc"), "tanh"), prefix + "mlp.c_proj");
    }
    const at::Tensor logits = at::matmul(norm(x, "ln_f"), w("wte.weight").t());
    return at::cross_entropy_loss(logits.view({-1, preset.vocabulary}), to_tensor(batch.targets, preset).view({-1}), {},
                                  at::Reduction::Sum);
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
    const double loss = model->forward_backward(batch, 0.25F);

    at::Tensor leaf = weights.clone().set_requires_grad(true);
    const at::Tensor expected = reference_loss_sum(preset, layout, leaf, batch);
    (expected * 0.25).backward();
    EXPECT_NEAR(loss / expected.item<double>(), 1, 1e-6);
    EXPECT_NEAR(model->loss(batch) / expected.item<double>(), 1, 1e-6);
    for (const Parameter& parameter : layout.parameters())
        EXPECT_LT(relative_difference(layout.view(gradients, parameter.name), layout.view(leaf.grad(), parameter.name)),
                  1e-4)
            << parameter.name;
}

TEST_P(ModelTest, GradientsOfMicroBatchesAddUp) {
    const Preset preset = small_preset();
    const ParameterLayout layout(preset);
    const at::Tensor weights = lively_weights(layout);
    const at::Tensor once = at::zeros_like(weights);
    const at::Tensor added = at::zeros_like(weights);
    const Batch batch = random_batch(preset, 2);
    make_model(preset, Precision::float32, layout, weights, once, 4)->forward_backward(batch, 1);
    const auto model = make_model(preset, Precision::float32, layout, weights, added, 1);
    const auto split = [&](const std::vector<std::int32_t>& tokens, std::int64_t half) {
        return std::vector<std::int32_t>(tokens.begin() + half * preset.context,
                                         tokens.begin() + (half + 1) * preset.context);
    };
    for (const std::int64_t half : {0, 1})
        model->forward_backward({1, split(batch.inputs, half), split(batch.targets, half)}, 1);
    EXPECT_LT(relative_difference(added, once), 1e-5);
}

TEST_P(ModelTest, Bf16IsCloseToFloat32) {
    const Preset preset = small_preset();
    const ParameterLayout layout(preset);
    const at::Tensor weights = lively_weights(layout);
    const at::Tensor exact = at::zeros_like(weights);
    const at::Tensor rounded = at::zeros_like(weights);
    const Batch batch = random_batch(preset, 4);
    const double loss = make_model(preset, Precision::float32, layout, weights, exact, 4)->forward_backward(batch, 1);
    const double bf16_loss =
        make_model(preset, Precision::bf16, layout, weights, rounded, 4)->forward_backward(batch, 1);
    EXPECT_NEAR(bf16_loss / loss, 1, 5e-3);
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
