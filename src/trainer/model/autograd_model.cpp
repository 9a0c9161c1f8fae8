#include "trainer/model/autograd_model.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <string>
#include <utility>

#include "trainer/model/libtorch_versions.hpp"

namespace emeth::trainer {
namespace {

constexpr double norm_epsilon = 1e-5;
constexpr double masked = -1e30;

/// libtorch's autocast to bfloat16 for as long as it lives.
class Autocast {
public:
    Autocast(const at::Device& device, Precision precision)
        : device_(device.type()), before_(libtorch::is_autocast_enabled(device_)) {
        if (precision != Precision::bf16) return;
        libtorch::set_autocast_dtype(device_, at::kBFloat16);
        libtorch::set_autocast_enabled(device_, true);
    }
    Autocast(const Autocast&) = delete;
    Autocast& operator=(const Autocast&) = delete;
    ~Autocast() {
        libtorch::set_autocast_enabled(device_, before_);
        at::autocast::clear_cache();  // of the weights as they were
    }

private:
    c10::DeviceType device_;
    bool before_;
};

class AutogradModel final : public Model {
public:
    AutogradModel(const Preset& preset, Precision precision, const ParameterLayout& layout, at::Tensor weights,
                  at::Tensor gradients, at::Device device)
        : preset_(preset),
          precision_(precision),
          layout_(layout),
          device_(device),
          weights_(std::move(weights)),
          gradients_(std::move(gradients)),
          staging_(at::empty(weights_.sizes(), weights_.options().pinned_memory(device.is_cuda()))),
          leaf_(at::empty(weights_.sizes(), weights_.options().device(device))),
          future_(at::triu(at::full({preset.context, preset.context}, masked, leaf_.options()), 1)) {
        weights_changed();
    }

    void weights_changed() override {
        const at::NoGradGuard guard;
        staging_.copy_(weights_);
        leaf_.copy_(staging_, device_.is_cuda());
        leaf_.set_requires_grad(gradients_.defined());
    }

    double forward_backward(const Batch& batch, float gradient_scale) override {
        at::Tensor sum;
        {
            const Autocast autocast(device_, precision_);
            sum = loss_sum(batch);
        }
        (sum * gradient_scale).backward();
        return sum.item<double>();
    }

    void collect_gradients() override {
        if (!leaf_.grad().defined()) return;
        const at::NoGradGuard guard;
        staging_.copy_(leaf_.grad());
        gradients_.add_(staging_);
        leaf_.mutable_grad().zero_();
    }

    double loss(const Batch& batch) override {
        const at::NoGradGuard guard;
        const Autocast autocast(device_, precision_);
        return loss_sum(batch).item<double>();
    }

    at::Tensor logits(const std::vector<std::int32_t>& tokens) override {
        const at::NoGradGuard guard;
        const Autocast autocast(device_, precision_);
        const at::Tensor scores = forward(on_device(tokens, at::kInt).view({1, -1}));
        return scores.view({-1, preset_.vocabulary}).to(at::kCPU, at::kFloat);
    }

private:
    [[nodiscard]] at::Tensor on_device(const std::vector<std::int32_t>& values, at::ScalarType type) const {
        at::Tensor tensor = at::tensor(at::ArrayRef<std::int32_t>(values)).to(type);
        if (device_.is_cuda()) tensor = tensor.pin_memory();
        return tensor.to(device_, type, device_.is_cuda());
    }
    [[nodiscard]] at::Tensor weight(const std::string& name) const {
        return layout_.view(leaf_, "transformer." + name);
    }
    [[nodiscard]] at::Tensor norm(const at::Tensor& x, const std::string& name) const {
        return at::layer_norm(x, {preset_.width}, weight(name + ".weight"), weight(name + ".bias"), norm_epsilon);
    }
    [[nodiscard]] at::Tensor linear(const at::Tensor& x, const std::string& name) const {
        return at::matmul(x, weight(name + ".weight")) + weight(name + ".bias");
    }

    [[nodiscard]] at::Tensor attention(const at::Tensor& x, const std::string& prefix) const {
        const std::int64_t sequences = x.size(0);
        const std::int64_t tokens = x.size(1);
        const at::Tensor qkv = linear(norm(x, prefix + "ln_1"), prefix + "attn.c_attn")
                                   .view({sequences, tokens, 3, preset_.heads, preset_.head_width()})
                                   .permute({2, 0, 3, 1, 4});
        const at::Tensor future = future_.narrow(0, 0, tokens).narrow(1, 0, tokens);
        const at::Tensor scores =
            at::matmul(qkv[0], qkv[1].transpose(-1, -2)) / std::sqrt(static_cast<double>(preset_.head_width()));
        const at::Tensor attended = at::matmul(at::softmax(scores + future, -1), qkv[2]);
        return linear(attended.transpose(1, 2).reshape({sequences, tokens, preset_.width}), prefix + "attn.c_proj");
    }

    /// The scores [sequences, tokens, vocabulary] of what follows each token of `inputs` [sequences, tokens].
    [[nodiscard]] at::Tensor forward(const at::Tensor& inputs) const {
        at::Tensor x = at::embedding(weight("wte.weight"), inputs) + weight("wpe.weight").narrow(0, 0, inputs.size(1));
        for (std::int64_t layer = 0; layer < preset_.layers; ++layer) {
            const std::string prefix = "h." + std::to_string(layer) + ".";
            x = x + attention(x, prefix);
            const at::Tensor inner = at::gelu(linear(norm(x, prefix + "ln_2"), prefix + "mlp.c_fc"), "tanh");
            x = x + linear(inner, prefix + "mlp.c_proj");
        }
        return at::matmul(norm(x, "ln_f"), weight("wte.weight").t());
    }

    [[nodiscard]] at::Tensor loss_sum(const Batch& batch) const {
        const at::Tensor scores = forward(on_device(batch.inputs, at::kInt).view({batch.sequences, preset_.context}));
        return at::cross_entropy_loss(scores.view({-1, preset_.vocabulary}).to(at::kFloat),
                                      on_device(batch.targets, at::kLong), {}, at::Reduction::Sum);
    }

    Preset preset_;
    Precision precision_;
    const ParameterLayout& layout_;
    at::Device device_;
    at::Tensor weights_, gradients_;  // flat, on the CPU
    at::Tensor staging_;              // the same, pinned where there is a GPU
    at::Tensor leaf_;                 // the weights on the device; its grad() collects a step's gradients
    at::Tensor future_;               // what a token may not look at
};

}  // namespace

std::unique_ptr<Model> make_autograd_model(const Preset& preset, Precision precision, const ParameterLayout& layout,
                                           at::Tensor weights, at::Tensor gradients, at::Device device) {
    return std::make_unique<AutogradModel>(preset, precision, layout, std::move(weights), std::move(gradients), device);
}

}  // namespace emeth::trainer
