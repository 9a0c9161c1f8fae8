// The parts of a GPT-2 step that are no matrix product, each fused into one pass over memory. They run on
// at::parallel_for; results depend on the number of threads by rounding at most. float32 or bfloat16 activations,
// float32 arithmetic throughout.
#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

namespace emeth::trainer::kernels {

/// Rows of statistics that a layer norm's backward needs.
struct NormStatistics {
    float* mean;
    float* inverse_deviation;
};

/// out[rows, width] = layer_norm(in[rows, width]) * gain + bias
template <class T>
void layer_norm(const float* in, const float* gain, const float* bias, std::int64_t rows, std::int64_t width, T* out,
                NormStatistics statistics);
/// in_gradient += d/d in; gain_gradient, bias_gradient [width] += theirs.
template <class T>
void layer_norm_backward(const T* out_gradient, const float* in, const float* gain, NormStatistics statistics,
                         std::int64_t rows, std::int64_t width, float* in_gradient, float* gain_gradient,
                         float* bias_gradient);

/// values[rows, width] += bias[width]
template <class T>
void add_bias(T* values, const float* bias, std::int64_t rows, std::int64_t width);
/// bias_gradient[width] += column sums of gradient[rows, width]
template <class T>
void bias_backward(const T* gradient, std::int64_t rows, std::int64_t width, float* bias_gradient);

/// hidden += bias (kept for the backward pass), out = gelu_tanh(hidden), all [rows, width].
template <class T>
void bias_gelu(T* hidden, const float* bias, std::int64_t rows, std::int64_t width, T* out);
/// gradient[count] *= gelu_tanh'(hidden)
template <class T>
void gelu_backward(T* gradient, const T* hidden, std::int64_t count);

/// out = residual + branch + bias, all [rows, width] but bias[width].
template <class T>
void add_branch(const float* residual, const T* branch, const float* bias, std::int64_t rows, std::int64_t width,
                float* out);
/// out[count] = T(in)
template <class T>
void convert(const float* in, std::int64_t count, T* out);

/// Of logits[rows, vocabulary], in place: becomes the gradient (softmax − one-hot) · scale. losses[rows] = −log
/// softmax[target].
template <class T>
void cross_entropy(T* logits, const std::int32_t* targets, std::int64_t rows, std::int64_t vocabulary, float scale,
                   float* losses);
/// Without the gradient.
template <class T>
void cross_entropy_loss(const T* logits, const std::int32_t* targets, std::int64_t rows, std::int64_t vocabulary,
                        float* losses);

/// out[sequences*context, width] = token embedding + position embedding
void embed(const std::int32_t* tokens, const float* token_table, const float* position_table, std::int64_t sequences,
           std::int64_t context, std::int64_t width, float* out);
void embed_backward(const std::int32_t* tokens, const float* gradient, std::int64_t sequences, std::int64_t context,
                    std::int64_t width, float* token_gradient, float* position_gradient);

struct AttentionShape {
    std::int64_t sequences, context, heads, head_width;
    [[nodiscard]] std::int64_t width() const { return heads * head_width; }
};
/// Causal self-attention of qkv[sequences*context, 3*width] (query, key, value side by side) into
/// out[sequences*context, width]. The scores exist for one head and a block of rows only; the backward pass makes them
/// again.
template <class T>
void attention(const T* qkv, AttentionShape shape, T* out);
template <class T>
void attention_backward(const T* qkv, const T* out_gradient, AttentionShape shape, T* qkv_gradient);

/// sum of squares, the same for every number of threads
double sum_of_squares(const float* values, std::int64_t count);

struct AdamWStep {
    float learning_rate, beta1, beta2, epsilon, weight_decay;
    float correction1, correction2;  ///< 1 − beta^t
    float gradient_scale;            ///< of clipping
};
void adamw(float* weights, const float* gradients, float* first_moments, float* second_moments, std::int64_t count,
           const AdamWStep& step);

}  // namespace emeth::trainer::kernels
