#include <ATen/Parallel.h>

#include "trainer/model/kernels.hpp"
#include "trainer/model/row_sums.hpp"
#include "trainer/model/vector_math.hpp"

namespace emeth::trainer::kernels {
namespace {

constexpr std::int64_t elements_per_task = 1 << 15;
constexpr float sqrt_2_over_pi = 0.7978845608028654F;
constexpr float gelu_cubic = 0.044715F;

template <class T>
EMETH_INLINE void sum_rows(const T* gradient, std::int64_t rows, std::int64_t width, float* sums) {
    for (std::int64_t row = 0; row < rows; ++row) {
        const T* line = gradient + row * width;
        for (std::int64_t i = 0; i < width; ++i) sums[i] += to_float(line[i]);
    }
}

EMETH_INLINE float gelu_inner(float x) {
    return tanh_approximate(sqrt_2_over_pi * (x + gelu_cubic * x * x * x));
}

template <class T>
EMETH_INLINE void gelu_range(const T* hidden, std::int64_t count, T* out) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float x = to_float(hidden[i]);
        out[i] = from_float<T>(0.5F * x * (1.0F + gelu_inner(x)));
    }
}

template <class T>
EMETH_INLINE void gelu_backward_rows(T* gradient, const T* hidden, std::int64_t rows, std::int64_t width, float* sums) {
    for (std::int64_t row = 0; row < rows; ++row) {
        T* line = gradient + row * width;
        const T* in = hidden + row * width;
        for (std::int64_t i = 0; i < width; ++i) {
            const float x = to_float(in[i]);
            const float inner = gelu_inner(x);
            const float slope = sqrt_2_over_pi * (1.0F + 3.0F * gelu_cubic * x * x);
            const float derivative = 0.5F * (1.0F + inner) + 0.5F * x * (1.0F - inner * inner) * slope;
            const float result = to_float(line[i]) * derivative;
            sums[i] += result;
            line[i] = from_float<T>(result);
        }
    }
}

template <class T>
EMETH_INLINE void convert_range(const float* in, std::int64_t count, T* out) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = from_float<T>(in[i]);
}

template <class T>
EMETH_INLINE void convert_rows(const float* in, std::int64_t rows, std::int64_t width, T* out, float* sums) {
    for (std::int64_t row = 0; row < rows; ++row) {
        const float* line = in + row * width;
        T* result = out + row * width;
        for (std::int64_t i = 0; i < width; ++i) {
            sums[i] += line[i];
            result[i] = from_float<T>(line[i]);
        }
    }
}

// One clone for each instruction set and type; what they inline is compiled for their set.
using BFloat16 = c10::BFloat16;
EMETH_VECTORISED void sum_rows_part(const float* g, std::int64_t r, std::int64_t w, float* s) {
    sum_rows(g, r, w, s);
}
EMETH_VECTORISED void sum_rows_part(const BFloat16* g, std::int64_t r, std::int64_t w, float* s) {
    sum_rows(g, r, w, s);
}
EMETH_VECTORISED void gelu_part(const float* h, std::int64_t n, float* o) {
    gelu_range(h, n, o);
}
EMETH_VECTORISED void gelu_part(const BFloat16* h, std::int64_t n, BFloat16* o) {
    gelu_range(h, n, o);
}
EMETH_VECTORISED void gelu_backward_part(float* g, const float* h, std::int64_t r, std::int64_t w, float* s) {
    gelu_backward_rows(g, h, r, w, s);
}
EMETH_VECTORISED void gelu_backward_part(BFloat16* g, const BFloat16* h, std::int64_t r, std::int64_t w, float* s) {
    gelu_backward_rows(g, h, r, w, s);
}
EMETH_VECTORISED void convert_part(const float* in, std::int64_t n, BFloat16* out) {
    convert_range(in, n, out);
}
EMETH_VECTORISED void convert_part(const float* in, std::int64_t r, std::int64_t w, BFloat16* out, float* s) {
    convert_rows(in, r, w, out, s);
}

}  // namespace

template <class T>
void bias_backward(const T* gradient, std::int64_t rows, std::int64_t width, float* bias_gradient) {
    sum_over_rows(rows, width, bias_gradient, [&](std::int64_t begin, std::int64_t end, float* sums) {
        sum_rows_part(gradient + begin * width, end - begin, width, sums);
    });
}

template <class T>
void gelu(const T* hidden, std::int64_t count, T* out) {
    at::parallel_for(0, count, elements_per_task, [&](std::int64_t begin, std::int64_t end) {
        gelu_part(hidden + begin, end - begin, out + begin);
    });
}

template <class T>
void gelu_backward(T* gradient, const T* hidden, std::int64_t rows, std::int64_t width, float* bias_gradient) {
    sum_over_rows(rows, width, bias_gradient, [&](std::int64_t begin, std::int64_t end, float* sums) {
        gelu_backward_part(gradient + begin * width, hidden + begin * width, end - begin, width, sums);
    });
}

void to_bf16(const float* in, std::int64_t count, BFloat16* out) {
    at::parallel_for(0, count, elements_per_task,
                     [&](std::int64_t begin, std::int64_t end) { convert_part(in + begin, end - begin, out + begin); });
}

void to_bf16_with_bias(const float* gradient, std::int64_t rows, std::int64_t width, BFloat16* out,
                       float* bias_gradient) {
    sum_over_rows(rows, width, bias_gradient, [&](std::int64_t begin, std::int64_t end, float* sums) {
        convert_part(gradient + begin * width, end - begin, width, out + begin * width, sums);
    });
}

#define EMETH_INSTANTIATE(T)                                                   \
    template void bias_backward(const T*, std::int64_t, std::int64_t, float*); \
    template void gelu(const T*, std::int64_t, T*);                            \
    template void gelu_backward(T*, const T*, std::int64_t, std::int64_t, float*);
EMETH_INSTANTIATE(float)
EMETH_INSTANTIATE(c10::BFloat16)
#undef EMETH_INSTANTIATE

}  // namespace emeth::trainer::kernels
