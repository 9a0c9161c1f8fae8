#include "trainer/model/model.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <numeric>
#include <type_traits>
#include <utility>

#include "trainer/model/autograd_model.hpp"
#include "trainer/model/kernels.hpp"
#include "trainer/model/products.hpp"

namespace emeth::trainer {
namespace {

/// Logits exist for this many elements at a time (a few MB, to stay in cache), but for enough rows to fill a product.
constexpr std::int64_t logits_elements = 1 << 20;
constexpr std::int64_t logits_rows_min = 256;

std::int64_t logits_rows_of(const Preset& preset) {
    return std::max(logits_rows_min, logits_elements / preset.vocabulary);
}

/// A weight as the model computes with it, and where its gradient goes.
struct Matrix {
    at::Tensor weight;    // [in, out], of the compute type
    at::Tensor gradient;  // [in, out], float32
};
struct Vector {
    const float* weight;
    float* gradient;
};
struct Norm {
    Vector gain, bias;
    at::Tensor mean, inverse_deviation;  // of each row of the last forward pass
    [[nodiscard]] kernels::NormStatistics statistics() const {
        return {mean.data_ptr<float>(), inverse_deviation.data_ptr<float>()};
    }
};

/// One transformer layer: its parameters, and what the forward pass leaves for the backward pass ([rows, …]).
struct Layer {
    Norm norm1, norm2;
    Matrix attention_in, attention_out, mlp_in, mlp_out;
    Vector attention_in_bias, attention_out_bias, mlp_in_bias, mlp_out_bias;
    at::Tensor residual_in, residual_middle;                        // float32
    at::Tensor normed1, qkv, attended, normed2, hidden, activated;  // compute type
};

template <class T>
class ModelOf final : public Model {
public:
    ModelOf(const Preset& preset, const ParameterLayout& layout, at::Tensor weights, at::Tensor gradients,
            std::int64_t sequences_max);
    void weights_changed() override;
    void forward_backward(const Batch& batch, float gradient_scale, const GradientsReady& ready) override;
    double take_loss_sum() override { return std::exchange(loss_sum_, 0); }
    double loss(const Batch& batch) override;
    at::Tensor logits(const std::vector<std::int32_t>& tokens) override;

private:
    static constexpr bool is_float32 = std::is_same_v<T, float>;

    Matrix matrix(const ParameterLayout& layout, const std::string& name) const;
    Vector vector(const ParameterLayout& layout, const std::string& name) const;
    Norm norm(const ParameterLayout& layout, const std::string& prefix) const;
    Layer layer(const ParameterLayout& layout, std::int64_t index) const;
    at::Tensor activations(std::int64_t width) const { return at::empty({rows_max_, width}, compute_options_); }
    at::Tensor residuals() const { return at::empty({rows_max_, preset_.width}, at::kFloat); }
    at::Tensor first_rows(const at::Tensor& tensor) const { return tensor.narrow(0, 0, rows_); }
    std::int64_t sequences() const { return rows_ / preset_.context; }

    void normalise(const Norm& norm, const at::Tensor& in, const at::Tensor& out);
    void normalise_backward(const Norm& norm, const at::Tensor& out_gradient, const at::Tensor& in);
    void multiply(const at::Tensor& in, const Matrix& matrix, const Vector& bias, const at::Tensor& out);
    void multiply_add(const at::Tensor& in, const Matrix& matrix, const Vector& bias, const at::Tensor& residual,
                      const at::Tensor& out);
    void multiply_backward(const at::Tensor& in, const Matrix& matrix, const at::Tensor& out_gradient,
                           const at::Tensor& in_gradient);
    at::Tensor branch_gradient(const Vector& bias);

    void forward(const std::vector<std::int32_t>& inputs, std::int64_t sequences);
    void forward_layer(Layer& layer, const at::Tensor& residual_out);
    void backward_layer(Layer& layer);
    double head_forward_backward(const Batch& batch, float gradient_scale);
    std::int64_t logits_rows() const;

    Preset preset_;
    at::TensorOptions compute_options_;
    at::Tensor weights_, gradients_;
    at::Tensor compute_weights_;  // weights_ itself in float32
    std::int64_t rows_max_;
    std::int64_t rows_ = 0;  // of the batch in hand

    Matrix token_embedding_;
    Vector token_table_, position_table_;
    std::vector<Layer> layers_;
    Norm final_norm_;
    at::Tensor residual_out_, normed_out_, branch_, logits_;
    at::Tensor residual_gradient_, normed_gradient_, qkv_gradient_, hidden_gradient_;
    std::vector<float> losses_;
    double loss_sum_ = 0;  // since it was last taken
    Products products_;
    kernels::Attention<T> attention_;
};

template <class T>
ModelOf<T>::ModelOf(const Preset& preset, const ParameterLayout& layout, at::Tensor weights, at::Tensor gradients,
                    std::int64_t sequences_max)
    : preset_(preset),
      compute_options_(is_float32 ? at::kFloat : at::kBFloat16),
      weights_(std::move(weights)),
      gradients_(std::move(gradients)),
      compute_weights_(is_float32 ? weights_ : at::empty_like(weights_, compute_options_)),
      rows_max_(sequences_max * preset.context),
      token_embedding_(matrix(layout, "transformer.wte.weight")),
      token_table_(vector(layout, "transformer.wte.weight")),
      position_table_(vector(layout, "transformer.wpe.weight")),
      final_norm_(norm(layout, "transformer.ln_f.")),
      residual_out_(residuals()),
      normed_out_(activations(preset.width)),
      branch_(activations(preset.width)),
      logits_(at::empty({logits_rows(), preset.vocabulary}, compute_options_)),
      residual_gradient_(residuals()),
      normed_gradient_(activations(preset.width)),
      qkv_gradient_(activations(3 * preset.width)),
      hidden_gradient_(activations(4 * preset.width)),
      losses_(static_cast<std::size_t>(rows_max_)),
      attention_({preset.context, preset.heads, preset.head_width()}) {
    for (std::int64_t index = 0; index < preset.layers; ++index) layers_.push_back(layer(layout, index));
    weights_changed();
}

template <class T>
Matrix ModelOf<T>::matrix(const ParameterLayout& layout, const std::string& name) const {
    return {layout.view(compute_weights_, name), gradients_.defined() ? layout.view(gradients_, name) : at::Tensor()};
}

template <class T>
Vector ModelOf<T>::vector(const ParameterLayout& layout, const std::string& name) const {
    return {layout.view(weights_, name).template data_ptr<float>(),
            gradients_.defined() ? layout.view(gradients_, name).template data_ptr<float>() : nullptr};
}

template <class T>
Norm ModelOf<T>::norm(const ParameterLayout& layout, const std::string& prefix) const {
    return {vector(layout, prefix + "weight"), vector(layout, prefix + "bias"), at::empty({rows_max_}, at::kFloat),
            at::empty({rows_max_}, at::kFloat)};
}

template <class T>
Layer ModelOf<T>::layer(const ParameterLayout& layout, std::int64_t index) const {
    const std::string prefix = fmt::format("transformer.h.{}.", index);
    const std::int64_t d = preset_.width;
    return {.norm1 = norm(layout, prefix + "ln_1."),
            .norm2 = norm(layout, prefix + "ln_2."),
            .attention_in = matrix(layout, prefix + "attn.c_attn.weight"),
            .attention_out = matrix(layout, prefix + "attn.c_proj.weight"),
            .mlp_in = matrix(layout, prefix + "mlp.c_fc.weight"),
            .mlp_out = matrix(layout, prefix + "mlp.c_proj.weight"),
            .attention_in_bias = vector(layout, prefix + "attn.c_attn.bias"),
            .attention_out_bias = vector(layout, prefix + "attn.c_proj.bias"),
            .mlp_in_bias = vector(layout, prefix + "mlp.c_fc.bias"),
            .mlp_out_bias = vector(layout, prefix + "mlp.c_proj.bias"),
            .residual_in = residuals(),
            .residual_middle = residuals(),
            .normed1 = activations(d),
            .qkv = activations(3 * d),
            .attended = activations(d),
            .normed2 = activations(d),
            .hidden = activations(4 * d),
            .activated = activations(4 * d)};
}

template <class T>
std::int64_t ModelOf<T>::logits_rows() const {
    return std::min(rows_max_, logits_rows_of(preset_));
}

template <class T>
void ModelOf<T>::weights_changed() {
    if constexpr (!is_float32)
        kernels::to_bf16(weights_.data_ptr<float>(), weights_.numel(), compute_weights_.data_ptr<T>());
}

// ---- the pieces

template <class T>
void ModelOf<T>::normalise(const Norm& norm, const at::Tensor& in, const at::Tensor& out) {
    kernels::layer_norm(in.data_ptr<float>(), norm.gain.weight, norm.bias.weight, rows_, preset_.width,
                        out.data_ptr<T>(), norm.statistics());
}

/// residual_gradient_ += through the norm.
template <class T>
void ModelOf<T>::normalise_backward(const Norm& norm, const at::Tensor& out_gradient, const at::Tensor& in) {
    kernels::layer_norm_backward(out_gradient.data_ptr<T>(), in.data_ptr<float>(), norm.gain.weight, norm.statistics(),
                                 rows_, preset_.width, residual_gradient_.data_ptr<float>(), norm.gain.gradient,
                                 norm.bias.gradient);
}

/// out = in · matrix + bias
template <class T>
void ModelOf<T>::multiply(const at::Tensor& in, const Matrix& matrix, const Vector& bias, const at::Tensor& out) {
    products_.run(first_rows(in), matrix.weight, first_rows(out), Addend::bias, {.bias = bias.weight});
}

/// out = residual + in · matrix + bias
template <class T>
void ModelOf<T>::multiply_add(const at::Tensor& in, const Matrix& matrix, const Vector& bias,
                              const at::Tensor& residual, const at::Tensor& out) {
    products_.run(first_rows(in), matrix.weight, first_rows(out), Addend::residual,
                  {.bias = bias.weight, .residual = residual.data_ptr<float>()});
}

template <class T>
void ModelOf<T>::multiply_backward(const at::Tensor& in, const Matrix& matrix, const at::Tensor& out_gradient,
                                   const at::Tensor& in_gradient) {
    const at::Tensor gradient = first_rows(out_gradient);
    products_.run(first_rows(in).t(), gradient, matrix.gradient, Addend::out);
    products_.run(gradient, matrix.weight.t(), first_rows(in_gradient), Addend::none);
}

/// The residual stream's gradient is that of the branch added to it, too; here in the compute type.
template <class T>
at::Tensor ModelOf<T>::branch_gradient(const Vector& bias) {
    const float* gradient = residual_gradient_.data_ptr<float>();
    if constexpr (is_float32) {
        kernels::bias_backward(gradient, rows_, preset_.width, bias.gradient);
        return residual_gradient_;
    } else {
        kernels::to_bf16_with_bias(gradient, rows_, preset_.width, branch_.data_ptr<T>(), bias.gradient);
        return branch_;
    }
}

// ---- forward

template <class T>
void ModelOf<T>::forward(const std::vector<std::int32_t>& inputs, std::int64_t sequences) {
    rows_ = sequences * preset_.context;
    assert(rows_ > 0 && rows_ <= rows_max_);
    kernels::embed(inputs.data(), token_table_.weight, position_table_.weight, sequences, preset_.context,
                   preset_.width, layers_.front().residual_in.data_ptr<float>());
    for (std::size_t i = 0; i < layers_.size(); ++i)
        forward_layer(layers_[i], i + 1 < layers_.size() ? layers_[i + 1].residual_in : residual_out_);
    normalise(final_norm_, residual_out_, normed_out_);
}

template <class T>
void ModelOf<T>::forward_layer(Layer& layer, const at::Tensor& residual_out) {
    normalise(layer.norm1, layer.residual_in, layer.normed1);
    multiply(layer.normed1, layer.attention_in, layer.attention_in_bias, layer.qkv);
    attention_.forward(layer.qkv.data_ptr<T>(), sequences(), layer.attended.data_ptr<T>());
    multiply_add(layer.attended, layer.attention_out, layer.attention_out_bias, layer.residual_in,
                 layer.residual_middle);

    normalise(layer.norm2, layer.residual_middle, layer.normed2);
    multiply(layer.normed2, layer.mlp_in, layer.mlp_in_bias, layer.hidden);
    kernels::gelu(layer.hidden.data_ptr<T>(), rows_ * 4 * preset_.width, layer.activated.data_ptr<T>());
    multiply_add(layer.activated, layer.mlp_out, layer.mlp_out_bias, layer.residual_middle, residual_out);
}

template <class T>
double ModelOf<T>::loss(const Batch& batch) {
    forward(batch.inputs, batch.sequences);
    for (std::int64_t first = 0; first < rows_; first += logits_.size(0)) {
        const std::int64_t rows = std::min(logits_.size(0), rows_ - first);
        const at::Tensor logits = logits_.narrow(0, 0, rows);
        products_.run(normed_out_.narrow(0, first, rows), token_embedding_.weight.t(), logits, Addend::none);
        kernels::cross_entropy_loss(logits.data_ptr<T>(), batch.targets.data() + first, rows, preset_.vocabulary,
                                    losses_.data() + first);
    }
    return std::accumulate(losses_.begin(), losses_.begin() + rows_, 0.0);
}

template <class T>
at::Tensor ModelOf<T>::logits(const std::vector<std::int32_t>& tokens) {
    const auto count = static_cast<std::int64_t>(tokens.size());
    assert(count > 0 && count <= preset_.context);
    // The window is filled up behind them, where they do not look.
    std::vector<std::int32_t> window = tokens;
    window.resize(static_cast<std::size_t>(preset_.context));
    forward(window, 1);
    const at::Tensor scores = at::empty({count, preset_.vocabulary}, compute_options_);
    products_.run(normed_out_.narrow(0, 0, count), token_embedding_.weight.t(), scores, Addend::none);
    return scores.to(at::kFloat);
}

// ---- backward

/// Loss and the gradient that enters the final norm, a chunk of rows at a time: the whole batch's logits never exist.
template <class T>
double ModelOf<T>::head_forward_backward(const Batch& batch, float gradient_scale) {
    for (std::int64_t first = 0; first < rows_; first += logits_.size(0)) {
        const std::int64_t rows = std::min(logits_.size(0), rows_ - first);
        const at::Tensor normed = normed_out_.narrow(0, first, rows);
        const at::Tensor logits = logits_.narrow(0, 0, rows);
        products_.run(normed, token_embedding_.weight.t(), logits, Addend::none);
        kernels::cross_entropy(logits.data_ptr<T>(), batch.targets.data() + first, rows, preset_.vocabulary,
                               gradient_scale, losses_.data() + first);
        products_.run(logits, token_embedding_.weight, normed_gradient_.narrow(0, first, rows), Addend::none);
        products_.run(logits.t(), normed, token_embedding_.gradient, Addend::out);
    }
    return std::accumulate(losses_.begin(), losses_.begin() + rows_, 0.0);
}

template <class T>
void ModelOf<T>::forward_backward(const Batch& batch, float gradient_scale, const GradientsReady& ready) {
    forward(batch.inputs, batch.sequences);
    loss_sum_ += head_forward_backward(batch, gradient_scale);
    std::fill_n(residual_gradient_.data_ptr<float>(), rows_ * preset_.width, 0.0F);
    normalise_backward(final_norm_, normed_gradient_, residual_out_);
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
        backward_layer(*layer);
        if (ready) ready(layer->norm1.gain.gradient - gradients_.data_ptr<float>());  // a layer's first parameter
    }
    kernels::embed_backward(batch.inputs.data(), residual_gradient_.data_ptr<float>(), batch.sequences, preset_.context,
                            preset_.width, token_table_.gradient, position_table_.gradient);
}

template <class T>
void ModelOf<T>::backward_layer(Layer& layer) {
    const std::int64_t d = preset_.width;
    at::Tensor branch = branch_gradient(layer.mlp_out_bias);
    multiply_backward(layer.activated, layer.mlp_out, branch, hidden_gradient_);
    kernels::gelu_backward(hidden_gradient_.data_ptr<T>(), layer.hidden.data_ptr<T>(), rows_, 4 * d,
                           layer.mlp_in_bias.gradient);
    multiply_backward(layer.normed2, layer.mlp_in, hidden_gradient_, normed_gradient_);
    normalise_backward(layer.norm2, normed_gradient_, layer.residual_middle);

    branch = branch_gradient(layer.attention_out_bias);
    multiply_backward(layer.attended, layer.attention_out, branch, normed_gradient_);
    attention_.backward(layer.qkv.data_ptr<T>(), normed_gradient_.data_ptr<T>(), sequences(),
                        qkv_gradient_.data_ptr<T>());
    kernels::bias_backward(qkv_gradient_.data_ptr<T>(), rows_, 3 * d, layer.attention_in_bias.gradient);
    multiply_backward(layer.normed1, layer.attention_in, qkv_gradient_, normed_gradient_);
    normalise_backward(layer.norm1, normed_gradient_, layer.residual_in);
}

}  // namespace

std::uint64_t activation_bytes(const Preset& preset, Precision precision, std::int64_t sequences_max) {
    constexpr std::int64_t residual = sizeof(float);
    const std::int64_t element = precision == Precision::bf16 ? 2 : 4;
    const std::int64_t rows = sequences_max * preset.context;
    const std::int64_t of_layer = preset.width * (2 * residual + 14 * element) + 4 * residual;
    const std::int64_t of_model = preset.width * (2 * residual + 10 * element) + 3 * residual;
    const std::int64_t logits = std::min(rows, logits_rows_of(preset)) * preset.vocabulary * element;
    return static_cast<std::uint64_t>(rows * (preset.layers * of_layer + of_model) + logits);
}

std::unique_ptr<Model> make_model(const Preset& preset, Precision precision, const ParameterLayout& layout,
                                  at::Tensor weights, at::Tensor gradients, std::int64_t sequences_max) {
    if (!weights.is_cpu())
        return make_autograd_model(preset, precision, layout, std::move(weights), std::move(gradients), sequences_max);
    if (precision == Precision::bf16)
        return std::make_unique<ModelOf<at::BFloat16>>(preset, layout, std::move(weights), std::move(gradients),
                                                       sequences_max);
    return std::make_unique<ModelOf<float>>(preset, layout, std::move(weights), std::move(gradients), sequences_max);
}

}  // namespace emeth::trainer
