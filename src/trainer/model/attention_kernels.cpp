#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "trainer/model/kernels.hpp"
#include "trainer/model/vector_math.hpp"

namespace emeth::trainer::kernels {
namespace {

using BFloat16 = c10::BFloat16;

/// Queries computed at once.
constexpr std::int64_t block_rows = 64;

template <class T>
EMETH_INLINE void scatter_rows(const float* in, std::int64_t rows, std::int64_t stride, std::int64_t width, T* out) {
    for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t i = 0; i < width; ++i) out[row * stride + i] = from_float<T>(in[row * width + i]);
    }
}

/// Rows first .. first + rows of the score matrix: softmax(scale · scores) over keys 0 .. row, 0 beyond. Overwrites the
/// scores.
template <class T>
EMETH_INLINE void causal_softmax_rows(float* scores, std::int64_t first, std::int64_t rows, std::int64_t keys,
                                      float scale, T* probabilities) {
    for (std::int64_t row = 0; row < rows; ++row) {
        float* line = scores + row * keys;
        T* out = probabilities + row * keys;
        const std::int64_t seen = first + row + 1;
        float maximum = line[0];
        for (std::int64_t i = 1; i < seen; ++i) maximum = line[i] > maximum ? line[i] : maximum;
        float sum = 0;
        for (std::int64_t i = 0; i < seen; ++i) {
            line[i] = exp_approximate(scale * (line[i] - maximum));
            sum += line[i];
        }
        const float inverse = 1.0F / sum;
        for (std::int64_t i = 0; i < seen; ++i) out[i] = from_float<T>(line[i] * inverse);
        for (std::int64_t i = seen; i < keys; ++i) out[i] = from_float<T>(0.0F);
    }
}

/// out = scale · probability · (gradient − Σ probability · gradient), row by row.
template <class T>
EMETH_INLINE void softmax_backward_rows(const T* probabilities, const float* gradient, std::int64_t rows,
                                        std::int64_t keys, float scale, T* out) {
    for (std::int64_t row = 0; row < rows; ++row) {
        const T* p = probabilities + row * keys;
        const float* d = gradient + row * keys;
        float sum = 0;
        for (std::int64_t i = 0; i < keys; ++i) sum += to_float(p[i]) * d[i];
        for (std::int64_t i = 0; i < keys; ++i)
            out[row * keys + i] = from_float<T>(scale * to_float(p[i]) * (d[i] - sum));
    }
}

EMETH_VECTORISED void scatter(const float* in, std::int64_t r, std::int64_t s, std::int64_t w, float* out) {
    scatter_rows(in, r, s, w, out);
}
EMETH_VECTORISED void scatter(const float* in, std::int64_t r, std::int64_t s, std::int64_t w, BFloat16* out) {
    scatter_rows(in, r, s, w, out);
}
EMETH_VECTORISED void causal_softmax(float* x, std::int64_t f, std::int64_t r, std::int64_t k, float s, float* out) {
    causal_softmax_rows(x, f, r, k, s, out);
}
EMETH_VECTORISED void causal_softmax(float* x, std::int64_t f, std::int64_t r, std::int64_t k, float s, BFloat16* out) {
    causal_softmax_rows(x, f, r, k, s, out);
}
EMETH_VECTORISED void softmax_backward(const float* p, const float* d, std::int64_t r, std::int64_t k, float s,
                                       float* out) {
    softmax_backward_rows(p, d, r, k, s, out);
}
EMETH_VECTORISED void softmax_backward(const BFloat16* p, const float* d, std::int64_t r, std::int64_t k, float s,
                                       BFloat16* out) {
    softmax_backward_rows(p, d, r, k, s, out);
}

float scale_of(const AttentionShape& shape) {
    return 1.0F / std::sqrt(static_cast<float>(shape.head_width));
}

template <class T>
MatrixShape rows_of(std::int64_t rows, std::int64_t columns, std::int64_t stride) {
    return {element_of<T>, rows, columns, stride};
}

}  // namespace

/// In the backward pass the last block comes first: it sees all keys and writes their gradients, the others add theirs.
template <class T>
Attention<T>::Block::Block(const AttentionShape& shape, std::int64_t first_query, bool is_last)
    : first(first_query),
      rows(std::min(block_rows, shape.context - first)),
      keys(first + rows),
      scores(rows_of<T>(rows, shape.head_width, 3 * shape.width()),
             rows_of<T>(keys, shape.head_width, 3 * shape.width()).transposed(), dense<float>(rows, keys), Addend::none,
             Threads::caller),
      attended(dense<T>(rows, keys), rows_of<T>(keys, shape.head_width, 3 * shape.width()),
               rows_of<T>(rows, shape.head_width, shape.width()), Addend::none, Threads::caller),
      value_gradient(dense<T>(rows, keys).transposed(), rows_of<T>(rows, shape.head_width, shape.width()),
                     dense<float>(keys, shape.head_width), is_last ? Addend::none : Addend::out, Threads::caller),
      probability_gradient(rows_of<T>(rows, shape.head_width, shape.width()),
                           rows_of<T>(keys, shape.head_width, 3 * shape.width()).transposed(), dense<float>(rows, keys),
                           Addend::none, Threads::caller),
      query_gradient(dense<T>(rows, keys), rows_of<T>(keys, shape.head_width, 3 * shape.width()),
                     rows_of<T>(rows, shape.head_width, 3 * shape.width()), Addend::none, Threads::caller),
      key_gradient(dense<T>(rows, keys).transposed(), rows_of<T>(rows, shape.head_width, 3 * shape.width()),
                   dense<float>(keys, shape.head_width), is_last ? Addend::none : Addend::out, Threads::caller) {}

/// Of one thread.
template <class T>
struct Attention<T>::Scratch {
    explicit Scratch(const AttentionShape& shape)
        : scores(static_cast<std::size_t>(block_rows * shape.context)),
          probabilities(scores.size()),
          score_gradients(scores.size()),
          key_gradients(static_cast<std::size_t>(shape.context * shape.head_width)),
          value_gradients(key_gradients.size()) {}
    std::vector<float> scores;  // and the gradients of probabilities
    std::vector<T> probabilities, score_gradients;
    std::vector<float> key_gradients, value_gradients;
};

template <class T>
Attention<T>::Attention(AttentionShape shape) : shape_(shape) {
    for (std::int64_t first = 0; first < shape.context; first += block_rows)
        blocks_.emplace_back(shape, first, first + block_rows >= shape.context);
}

template <class T>
void Attention<T>::probabilities(const Block& block, const T* qkv, Scratch& scratch) const {
    const T* key = qkv + shape_.width();
    block.scores.run(qkv + block.first * 3 * shape_.width(), key, scratch.scores.data());
    causal_softmax(scratch.scores.data(), block.first, block.rows, block.keys, scale_of(shape_),
                   scratch.probabilities.data());
}

template <class T>
void Attention<T>::forward_head(const T* qkv, T* out, Scratch& scratch) const {
    const T* value = qkv + 2 * shape_.width();
    for (const Block& block : blocks_) {
        probabilities(block, qkv, scratch);
        block.attended.run(scratch.probabilities.data(), value, out + block.first * shape_.width());
    }
}

template <class T>
void Attention<T>::backward_head(const T* qkv, const T* out_gradient, T* qkv_gradient, Scratch& scratch) const {
    const std::int64_t stride = 3 * shape_.width();
    const T* key = qkv + shape_.width();
    const T* value = key + shape_.width();
    for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
        const T* d_out = out_gradient + block->first * shape_.width();
        probabilities(*block, qkv, scratch);
        block->value_gradient.run(scratch.probabilities.data(), d_out, scratch.value_gradients.data());
        block->probability_gradient.run(d_out, value, scratch.scores.data());
        softmax_backward(scratch.probabilities.data(), scratch.scores.data(), block->rows, block->keys,
                         scale_of(shape_), scratch.score_gradients.data());
        block->query_gradient.run(scratch.score_gradients.data(), key, qkv_gradient + block->first * stride);
        block->key_gradient.run(scratch.score_gradients.data(), qkv + block->first * stride,
                                scratch.key_gradients.data());
    }
    T* key_gradient = qkv_gradient + shape_.width();
    scatter(scratch.key_gradients.data(), shape_.context, stride, shape_.head_width, key_gradient);
    scatter(scratch.value_gradients.data(), shape_.context, stride, shape_.head_width, key_gradient + shape_.width());
}

/// Where head `index`, counted over all sequences, begins in rows of `row_width`.
template <class T>
std::int64_t Attention<T>::head_offset(std::int64_t index, std::int64_t row_width) const {
    return index / shape_.heads * shape_.context * row_width + index % shape_.heads * shape_.head_width;
}

template <class T>
void Attention<T>::forward(const T* qkv, std::int64_t sequences, T* out) const {
    at::parallel_for(0, sequences * shape_.heads, 1, [&](std::int64_t begin, std::int64_t end) {
        Scratch scratch(shape_);
        for (std::int64_t index = begin; index < end; ++index)
            forward_head(qkv + head_offset(index, 3 * shape_.width()), out + head_offset(index, shape_.width()),
                         scratch);
    });
}

template <class T>
void Attention<T>::backward(const T* qkv, const T* out_gradient, std::int64_t sequences, T* qkv_gradient) const {
    at::parallel_for(0, sequences * shape_.heads, 1, [&](std::int64_t begin, std::int64_t end) {
        Scratch scratch(shape_);
        for (std::int64_t index = begin; index < end; ++index) {
            const std::int64_t offset = head_offset(index, 3 * shape_.width());
            backward_head(qkv + offset, out_gradient + head_offset(index, shape_.width()), qkv_gradient + offset,
                          scratch);
        }
    });
}

template class Attention<float>;
template class Attention<BFloat16>;

}  // namespace emeth::trainer::kernels
