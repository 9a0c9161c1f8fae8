// The parts of a GPT-2 step that are not matrix products, each fused into one pass over memory. They run on
// at::parallel_for; the number of threads changes results by rounding at most. float32 or bfloat16 activations,
// float32 arithmetic throughout.
#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>
#include <vector>

#include "trainer/model/products.hpp"

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

/// bias_gradient[width] += column sums of gradient[rows, width]
template <class T>
void bias_backward(const T* gradient, std::int64_t rows, std::int64_t width, float* bias_gradient);

/// out[count] = gelu_tanh(hidden)
template <class T>
void gelu(const T* hidden, std::int64_t count, T* out);
/// gradient[rows, width] *= gelu_tanh'(hidden); bias_gradient[width] += its column sums.
template <class T>
void gelu_backward(T* gradient, const T* hidden, std::int64_t rows, std::int64_t width, float* bias_gradient);

void to_bf16(const float* in, std::int64_t count, c10::BFloat16* out);
/// The same of gradient[rows, width]; bias_gradient[width] += its column sums.
void to_bf16_with_bias(const float* gradient, std::int64_t rows, std::int64_t width, c10::BFloat16* out,
                       float* bias_gradient);

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
    std::int64_t context, heads, head_width;
    [[nodiscard]] std::int64_t width() const { return heads * head_width; }
};
/// Causal self-attention. Scores exist only for one head and a block of queries; the backward pass computes them again.
/// Probabilities and their gradients are rounded to T, as factors of products; sums are float32.
template <class T>
class Attention {
public:
    explicit Attention(AttentionShape shape);
    /// Of qkv[sequences*context, 3*width] (query, key, value side by side) into out[sequences*context, width].
    void forward(const T* qkv, std::int64_t sequences, T* out) const;
    void backward(const T* qkv, const T* out_gradient, std::int64_t sequences, T* qkv_gradient) const;

private:
    /// Queries first .. first + rows. They see no later keys, which saves half of the products.
    struct Block {
        Block(const AttentionShape& shape, std::int64_t first_query, bool is_last);
        std::int64_t first, rows, keys;
        Product scores, attended;
        Product value_gradient, probability_gradient, query_gradient, key_gradient;
    };
    struct Scratch;
    void forward_head(const T* qkv, T* out, Scratch& scratch) const;
    void backward_head(const T* qkv, const T* out_gradient, T* qkv_gradient, Scratch& scratch) const;
    void probabilities(const Block& block, const T* qkv, Scratch& scratch) const;
    [[nodiscard]] std::int64_t head_offset(std::int64_t index, std::int64_t row_width) const;

    AttentionShape shape_;
    std::vector<Block> blocks_;
};

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
