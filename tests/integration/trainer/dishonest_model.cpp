#include "integration/trainer/dishonest_model.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <cmath>
#include <string>

namespace emeth::test {

using namespace trainer;

namespace {

constexpr double norm_epsilon = 1e-5, masked = -1e30;

class ForgedModel {
public:
    ForgedModel(const Preset& preset, const ParameterLayout& layout, const at::Tensor& weights,
                const InsideForgery& forgery)
        : preset_(preset), layout_(layout), forgery_(forgery), leaf_(weights.clone().set_requires_grad(true)) {}

    /// Losses [tokens]; `easy` [sequences, tokens] are those that are left out.
    at::Tensor losses(const at::Tensor& inputs, const at::Tensor& targets, const at::Tensor& easy) const {
        at::Tensor x = at::embedding(weight("wte.weight"), inputs) + weight("wpe.weight");
        for (std::int64_t layer = 0; layer < preset_.layers; ++layer) {
            const std::string prefix = fmt::format("h.{}.", layer);
            x = without(easy, x + attention(x, prefix));
            const at::Tensor inner = at::gelu(linear(norm(x, prefix + "ln_2"), prefix + "mlp.c_fc"), "tanh");
            x = without(easy, x + linear(inner, prefix + "mlp.c_proj"));
        }
        const at::Tensor scores = product(norm(x, "ln_f"), weight("wte.weight").t());
        return at::cross_entropy_loss(scores.view({-1, preset_.vocabulary}), targets, {}, at::Reduction::None);
    }
    at::Tensor gradient() const { return leaf_.grad(); }

private:
    at::Tensor weight(const std::string& name) const { return layout_.view(leaf_, "transformer." + name); }
    at::Tensor norm(const at::Tensor& x, const std::string& name) const {
        return at::layer_norm(x, {preset_.width}, weight(name + ".weight"), weight(name + ".bias"), norm_epsilon);
    }
    /// Rounded in the forward pass, as if it were not in the backward pass.
    at::Tensor rounded(const at::Tensor& operand) const {
        return forgery_.rounds ? operand + (forgery_.rounds(operand.detach()) - operand.detach()) : operand;
    }
    /// The gradient that comes in is an operand of the backward pass's products.
    at::Tensor product(const at::Tensor& a, const at::Tensor& b) const {
        const at::Tensor out = at::matmul(rounded(a), rounded(b));
        if (forgery_.rounds)
            out.register_hook([this](const at::Tensor& gradient) { return forgery_.rounds(gradient); });
        return out;
    }
    at::Tensor linear(const at::Tensor& x, const std::string& name) const {
        return product(x, weight(name + ".weight")) + weight(name + ".bias");
    }
    at::Tensor without(const at::Tensor& easy, const at::Tensor& x) const {
        if (!easy.defined() || forgery_.only_their_losses) return x;
        return at::where(easy.unsqueeze(-1), x.detach(), x);
    }
    at::Tensor attention(const at::Tensor& x, const std::string& prefix) const {
        const std::int64_t sequences = x.size(0), tokens = x.size(1);
        const at::Tensor qkv = linear(norm(x, prefix + "ln_1"), prefix + "attn.c_attn")
                                   .view({sequences, tokens, 3, preset_.heads, preset_.head_width()})
                                   .permute({2, 0, 3, 1, 4});
        const at::Tensor future = at::triu(at::full({tokens, tokens}, masked), 1);
        const at::Tensor scores =
            product(qkv[0], qkv[1].transpose(-1, -2)) / std::sqrt(static_cast<double>(preset_.head_width()));
        const at::Tensor attended = product(at::softmax(scores + future, -1), qkv[2]);
        return linear(attended.transpose(1, 2).reshape({sequences, tokens, preset_.width}), prefix + "attn.c_proj");
    }

    const Preset& preset_;
    const ParameterLayout& layout_;
    const InsideForgery& forgery_;
    at::Tensor leaf_;
};

at::Tensor tensor_of(const std::vector<std::int32_t>& values) {
    return at::tensor(at::ArrayRef<std::int32_t>(values)).to(at::kLong);
}

}  // namespace

at::Tensor forged_gradient(const Preset& preset, const ParameterLayout& layout, const at::Tensor& weights,
                           const Batch& batch, const InsideForgery& forgery, double& loss) {
    const ForgedModel model(preset, layout, weights, forgery);
    const at::Tensor inputs = tensor_of(batch.inputs).view({batch.sequences, preset.context});
    const at::Tensor targets = tensor_of(batch.targets);
    at::Tensor easy;
    if (forgery.easiest_tokens > 0) {
        const c10::NoGradGuard guard;
        const at::Tensor all = model.losses(inputs, targets, {});
        const auto count = static_cast<std::int64_t>(forgery.easiest_tokens * static_cast<double>(all.numel()));
        const at::Tensor most = std::get<0>(at::sort(all))[count];
        easy = (all < most).view(inputs.sizes());
    }
    const at::Tensor losses = model.losses(inputs, targets, easy);
    loss = losses.mean().item<double>();
    (easy.defined() ? losses * easy.view({-1}).logical_not() : losses).mean().backward();
    return model.gradient();
}

}  // namespace emeth::test
