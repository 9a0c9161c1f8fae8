#include <ATen/Parallel.h>

#include <cmath>

#include "trainer/model/kernels.hpp"
#include "trainer/model/vector_math.hpp"

namespace emeth::trainer::kernels {
namespace {

struct SoftmaxTerms {
    float maximum, sum;
};

template <class T>
EMETH_INLINE float maximum_of(const T* logits, std::int64_t count) {
    float maximum = to_float(logits[0]);
    for (std::int64_t i = 1; i < count; ++i) {
        const float value = to_float(logits[i]);
        maximum = value > maximum ? value : maximum;
    }
    return maximum;
}

template <class T>
EMETH_INLINE SoftmaxTerms softmax_terms(const T* logits, std::int64_t count) {
    const float maximum = maximum_of(logits, count);
    float sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += exp_approximate(to_float(logits[i]) - maximum);
    return {maximum, sum};
}

template <class T>
EMETH_INLINE void cross_entropy_rows(T* logits, const std::int32_t* targets, std::int64_t rows, std::int64_t vocabulary,
                                     float scale, float* losses) {
    for (std::int64_t row = 0; row < rows; ++row) {
        T* line = logits + row * vocabulary;
        const std::int32_t target = targets[row];
        const SoftmaxTerms terms = softmax_terms(line, vocabulary);
        losses[row] = std::log(terms.sum) + terms.maximum - to_float(line[target]);
        const float factor = scale / terms.sum;
        const float at_target = exp_approximate(to_float(line[target]) - terms.maximum) * factor - scale;
        for (std::int64_t i = 0; i < vocabulary; ++i)
            line[i] = from_float<T>(exp_approximate(to_float(line[i]) - terms.maximum) * factor);
        line[target] = from_float<T>(at_target);
    }
}

template <class T>
EMETH_INLINE void loss_rows(const T* logits, const std::int32_t* targets, std::int64_t rows, std::int64_t vocabulary,
                            float* losses) {
    for (std::int64_t row = 0; row < rows; ++row) {
        const T* line = logits + row * vocabulary;
        const SoftmaxTerms terms = softmax_terms(line, vocabulary);
        losses[row] = std::log(terms.sum) + terms.maximum - to_float(line[targets[row]]);
    }
}

using BFloat16 = c10::BFloat16;
EMETH_VECTORISED void cross_entropy_part(float* l, const std::int32_t* t, std::int64_t r, std::int64_t v, float s,
                                         float* o) {
    cross_entropy_rows(l, t, r, v, s, o);
}
EMETH_VECTORISED void cross_entropy_part(BFloat16* l, const std::int32_t* t, std::int64_t r, std::int64_t v, float s,
                                         float* o) {
    cross_entropy_rows(l, t, r, v, s, o);
}
EMETH_VECTORISED void loss_part(const float* l, const std::int32_t* t, std::int64_t r, std::int64_t v, float* o) {
    loss_rows(l, t, r, v, o);
}
EMETH_VECTORISED void loss_part(const BFloat16* l, const std::int32_t* t, std::int64_t r, std::int64_t v, float* o) {
    loss_rows(l, t, r, v, o);
}

}  // namespace

template <class T>
void cross_entropy(T* logits, const std::int32_t* targets, std::int64_t rows, std::int64_t vocabulary, float scale,
                   float* losses) {
    at::parallel_for(0, rows, 8, [&](std::int64_t begin, std::int64_t end) {
        cross_entropy_part(logits + begin * vocabulary, targets + begin, end - begin, vocabulary, scale,
                           losses + begin);
    });
}

template <class T>
void cross_entropy_loss(const T* logits, const std::int32_t* targets, std::int64_t rows, std::int64_t vocabulary,
                        float* losses) {
    at::parallel_for(0, rows, 8, [&](std::int64_t begin, std::int64_t end) {
        loss_part(logits + begin * vocabulary, targets + begin, end - begin, vocabulary, losses + begin);
    });
}

#define EMETH_INSTANTIATE(T)                                                                         \
    template void cross_entropy(T*, const std::int32_t*, std::int64_t, std::int64_t, float, float*); \
    template void cross_entropy_loss(const T*, const std::int32_t*, std::int64_t, std::int64_t, float*);
EMETH_INSTANTIATE(float)
EMETH_INSTANTIATE(c10::BFloat16)
#undef EMETH_INSTANTIATE

}  // namespace emeth::trainer::kernels
