#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "trainer/blas.hpp"
#include "trainer/kernels.hpp"
#include "trainer/vector_math.hpp"

namespace emeth::trainer::kernels {
namespace {

using BFloat16 = c10::BFloat16;

/// Queries computed at once. A block sees the keys up to its last query only: half of the products are never made.
constexpr std::int64_t block_rows = 64;

template <class T>
EMETH_INLINE void gather_rows(const T* in, std::int64_t rows, std::int64_t stride, std::int64_t width, float* out) {
    for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t i = 0; i < width; ++i) out[row * width + i] = to_float(in[row * stride + i]);
    }
}
template <class T>
EMETH_INLINE void scatter_rows(const float* in, std::int64_t rows, std::int64_t stride, std::int64_t width, T* out) {
    for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t i = 0; i < width; ++i) out[row * stride + i] = from_float<T>(in[row * width + i]);
    }
}
EMETH_VECTORISED void gather(const float* in, std::int64_t r, std::int64_t s, std::int64_t w, float* out) {
    gather_rows(in, r, s, w, out);
}
EMETH_VECTORISED void gather(const BFloat16* in, std::int64_t r, std::int64_t s, std::int64_t w, float* out) {
    gather_rows(in, r, s, w, out);
}
EMETH_VECTORISED void scatter(const float* in, std::int64_t r, std::int64_t s, std::int64_t w, float* out) {
    scatter_rows(in, r, s, w, out);
}
EMETH_VECTORISED void scatter(const float* in, std::int64_t r, std::int64_t s, std::int64_t w, BFloat16* out) {
    scatter_rows(in, r, s, w, out);
}

/// Rows first .. first + rows of the score matrix, in place: softmax over keys 0 .. row, 0 beyond.
EMETH_VECTORISED void causal_softmax(float* scores, std::int64_t first, std::int64_t rows, std::int64_t keys) {
    for (std::int64_t row = 0; row < rows; ++row) {
        float* line = scores + row * keys;
        const std::int64_t seen = first + row + 1;
        float maximum = line[0];
        for (std::int64_t i = 1; i < seen; ++i) maximum = line[i] > maximum ? line[i] : maximum;
        float sum = 0;
        for (std::int64_t i = 0; i < seen; ++i) {
            line[i] = exp_approximate(line[i] - maximum);
            sum += line[i];
        }
        const float inverse = 1.0F / sum;
        for (std::int64_t i = 0; i < seen; ++i) line[i] *= inverse;
        for (std::int64_t i = seen; i < keys; ++i) line[i] = 0;
    }
}

/// gradient := scale · probability · (gradient − Σ probability · gradient), row by row.
EMETH_VECTORISED void softmax_backward(const float* probabilities, std::int64_t rows, std::int64_t keys, float scale,
                                       float* gradient) {
    for (std::int64_t row = 0; row < rows; ++row) {
        const float* p = probabilities + row * keys;
        float* d = gradient + row * keys;
        float sum = 0;
        for (std::int64_t i = 0; i < keys; ++i) sum += p[i] * d[i];
        for (std::int64_t i = 0; i < keys; ++i) d[i] = scale * p[i] * (d[i] - sum);
    }
}

/// One head of one sequence, in float32 side by side.
struct Head {
    Head(AttentionShape shape_in)
        : shape(shape_in),
          size(static_cast<std::size_t>(shape_in.context * shape_in.head_width)),
          query(size),
          key(size),
          value(size),
          scores(static_cast<std::size_t>(block_rows * shape_in.context)) {}

    template <class T>
    void load(const T* qkv, std::int64_t sequence, std::int64_t head) {
        const std::int64_t stride = 3 * shape.width();
        const T* base = qkv + sequence * shape.context * stride + head * shape.head_width;
        gather(base, shape.context, stride, shape.head_width, query.data());
        gather(base + shape.width(), shape.context, stride, shape.head_width, key.data());
        gather(base + 2 * shape.width(), shape.context, stride, shape.head_width, value.data());
    }

    /// Softmax of the scores of queries first .. first + rows against `keys` keys.
    void probabilities(std::int64_t first, std::int64_t rows, std::int64_t keys) {
        const std::int64_t hd = shape.head_width;
        matrix_product(rows, keys, hd, scale(), {query.data() + first * hd, hd}, {key.data(), hd, true}, 0,
                       scores.data(), keys);
        causal_softmax(scores.data(), first, rows, keys);
    }

    [[nodiscard]] float scale() const { return 1.0F / std::sqrt(static_cast<float>(shape.head_width)); }

    AttentionShape shape;
    std::size_t size;
    std::vector<float> query, key, value, scores;
};

/// Gradients of one head.
struct HeadGradient {
    explicit HeadGradient(const Head& head)
        : query(head.size), key(head.size), value(head.size), out(head.size), scores(head.scores.size()) {}

    /// Adds the share of queries first .. first + rows; `head.scores` holds their probabilities.
    void add_block(const Head& head, std::int64_t first, std::int64_t rows, std::int64_t keys) {
        const std::int64_t hd = head.shape.head_width;
        const float* d_out = out.data() + first * hd;
        // The keys that this block is the first to see have no gradient yet.
        std::fill(value.begin() + first * hd, value.begin() + keys * hd, 0.0F);
        std::fill(key.begin() + first * hd, key.begin() + keys * hd, 0.0F);
        matrix_product(keys, hd, rows, 1, {head.scores.data(), keys, true}, {d_out, hd}, 1, value.data(), hd);
        matrix_product(rows, keys, hd, 1, {d_out, hd}, {head.value.data(), hd, true}, 0, scores.data(), keys);
        softmax_backward(head.scores.data(), rows, keys, head.scale(), scores.data());
        matrix_product(rows, hd, keys, 1, {scores.data(), keys}, {head.key.data(), hd}, 0, query.data() + first * hd,
                       hd);
        matrix_product(keys, hd, rows, 1, {scores.data(), keys, true}, {head.query.data() + first * hd, hd}, 1,
                       key.data(), hd);
    }

    std::vector<float> query, key, value, out, scores;
};

}  // namespace

template <class T>
void attention(const T* qkv, AttentionShape shape, T* out) {
    at::parallel_for(0, shape.sequences * shape.heads, 1, [&](std::int64_t begin, std::int64_t end) {
        Head head(shape);
        std::vector<float> result(head.size);
        for (std::int64_t index = begin; index < end; ++index) {
            const std::int64_t sequence = index / shape.heads;
            const std::int64_t number = index % shape.heads;
            head.load(qkv, sequence, number);
            for (std::int64_t first = 0; first < shape.context; first += block_rows) {
                const std::int64_t rows = std::min(block_rows, shape.context - first);
                const std::int64_t keys = first + rows;
                head.probabilities(first, rows, keys);
                matrix_product(rows, shape.head_width, keys, 1, {head.scores.data(), keys},
                               {head.value.data(), shape.head_width}, 0, result.data() + first * shape.head_width,
                               shape.head_width);
            }
            scatter(result.data(), shape.context, shape.width(), shape.head_width,
                    out + sequence * shape.context * shape.width() + number * shape.head_width);
        }
    });
}

template <class T>
void attention_backward(const T* qkv, const T* out_gradient, AttentionShape shape, T* qkv_gradient) {
    at::parallel_for(0, shape.sequences * shape.heads, 1, [&](std::int64_t begin, std::int64_t end) {
        Head head(shape);
        HeadGradient gradient(head);
        const std::int64_t stride = 3 * shape.width();
        for (std::int64_t index = begin; index < end; ++index) {
            const std::int64_t sequence = index / shape.heads;
            const std::int64_t offset = index % shape.heads * shape.head_width;
            head.load(qkv, sequence, index % shape.heads);
            gather(out_gradient + sequence * shape.context * shape.width() + offset, shape.context, shape.width(),
                   shape.head_width, gradient.out.data());
            for (std::int64_t first = 0; first < shape.context; first += block_rows) {
                const std::int64_t rows = std::min(block_rows, shape.context - first);
                head.probabilities(first, rows, first + rows);
                gradient.add_block(head, first, rows, first + rows);
            }
            T* base = qkv_gradient + sequence * shape.context * stride + offset;
            scatter(gradient.query.data(), shape.context, stride, shape.head_width, base);
            scatter(gradient.key.data(), shape.context, stride, shape.head_width, base + shape.width());
            scatter(gradient.value.data(), shape.context, stride, shape.head_width, base + 2 * shape.width());
        }
    });
}

#define EMETH_INSTANTIATE(T)                               \
    template void attention(const T*, AttentionShape, T*); \
    template void attention_backward(const T*, const T*, AttentionShape, T*);
EMETH_INSTANTIATE(float)
EMETH_INSTANTIATE(c10::BFloat16)
#undef EMETH_INSTANTIATE

}  // namespace emeth::trainer::kernels
