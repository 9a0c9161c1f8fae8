#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "trainer/kernels.hpp"
#include "trainer/vector_math.hpp"

namespace emeth::trainer::kernels {
namespace {

constexpr std::int64_t elements_per_task = 1 << 15;
constexpr std::int64_t columns_per_task = 64;
constexpr float sqrt_2_over_pi = 0.7978845608028654F;
constexpr float gelu_cubic = 0.044715F;

std::int64_t rows_per_task(std::int64_t width) {
    return std::max<std::int64_t>(1, elements_per_task / width);
}

template <class T>
EMETH_INLINE void add_bias_rows(T* values, const float* bias, std::int64_t rows, std::int64_t width) {
    for (std::int64_t row = 0; row < rows; ++row) {
        T* line = values + row * width;
        for (std::int64_t i = 0; i < width; ++i) line[i] = from_float<T>(to_float(line[i]) + bias[i]);
    }
}

template <class T>
EMETH_INLINE void sum_columns(const T* gradient, std::int64_t rows, std::int64_t stride, std::int64_t columns,
                              float* sums) {
    for (std::int64_t row = 0; row < rows; ++row) {
        const T* line = gradient + row * stride;
        for (std::int64_t i = 0; i < columns; ++i) sums[i] += to_float(line[i]);
    }
}

EMETH_INLINE float gelu_inner(float x) {
    return tanh_approximate(sqrt_2_over_pi * (x + gelu_cubic * x * x * x));
}

template <class T>
EMETH_INLINE void bias_gelu_rows(T* hidden, const float* bias, std::int64_t rows, std::int64_t width, T* out) {
    for (std::int64_t row = 0; row < rows; ++row) {
        T* line = hidden + row * width;
        T* result = out + row * width;
        for (std::int64_t i = 0; i < width; ++i) {
            const T stored = from_float<T>(to_float(line[i]) + bias[i]);
            const float x = to_float(stored);
            line[i] = stored;
            result[i] = from_float<T>(0.5F * x * (1.0F + gelu_inner(x)));
        }
    }
}

template <class T>
EMETH_INLINE void gelu_backward_range(T* gradient, const T* hidden, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float x = to_float(hidden[i]);
        const float inner = gelu_inner(x);
        const float slope = sqrt_2_over_pi * (1.0F + 3.0F * gelu_cubic * x * x);
        const float derivative = 0.5F * (1.0F + inner) + 0.5F * x * (1.0F - inner * inner) * slope;
        gradient[i] = from_float<T>(to_float(gradient[i]) * derivative);
    }
}

template <class T>
EMETH_INLINE void add_branch_rows(const float* residual, const T* branch, const float* bias, std::int64_t rows,
                                  std::int64_t width, float* out) {
    for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t i = 0; i < width; ++i) {
            const std::int64_t at = row * width + i;
            out[at] = residual[at] + to_float(branch[at]) + bias[i];
        }
    }
}

template <class T>
EMETH_INLINE void convert_range(const float* in, std::int64_t count, T* out) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = from_float<T>(in[i]);
}

// One clone for each instruction set and type; what they inline is compiled for their set.
using BFloat16 = c10::BFloat16;
EMETH_VECTORISED void add_bias_part(float* v, const float* b, std::int64_t r, std::int64_t w) {
    add_bias_rows(v, b, r, w);
}
EMETH_VECTORISED void add_bias_part(BFloat16* v, const float* b, std::int64_t r, std::int64_t w) {
    add_bias_rows(v, b, r, w);
}
EMETH_VECTORISED void sum_columns_part(const float* g, std::int64_t r, std::int64_t s, std::int64_t c, float* o) {
    sum_columns(g, r, s, c, o);
}
EMETH_VECTORISED void sum_columns_part(const BFloat16* g, std::int64_t r, std::int64_t s, std::int64_t c, float* o) {
    sum_columns(g, r, s, c, o);
}
EMETH_VECTORISED void bias_gelu_part(float* h, const float* b, std::int64_t r, std::int64_t w, float* o) {
    bias_gelu_rows(h, b, r, w, o);
}
EMETH_VECTORISED void bias_gelu_part(BFloat16* h, const float* b, std::int64_t r, std::int64_t w, BFloat16* o) {
    bias_gelu_rows(h, b, r, w, o);
}
EMETH_VECTORISED void gelu_backward_part(float* g, const float* h, std::int64_t n) {
    gelu_backward_range(g, h, n);
}
EMETH_VECTORISED void gelu_backward_part(BFloat16* g, const BFloat16* h, std::int64_t n) {
    gelu_backward_range(g, h, n);
}
EMETH_VECTORISED void add_branch_part(const float* x, const float* y, const float* b, std::int64_t r, std::int64_t w,
                                      float* o) {
    add_branch_rows(x, y, b, r, w, o);
}
EMETH_VECTORISED void add_branch_part(const float* x, const BFloat16* y, const float* b, std::int64_t r, std::int64_t w,
                                      float* o) {
    add_branch_rows(x, y, b, r, w, o);
}
EMETH_VECTORISED void convert_part(const float* in, std::int64_t n, float* out) {
    convert_range(in, n, out);
}
EMETH_VECTORISED void convert_part(const float* in, std::int64_t n, BFloat16* out) {
    convert_range(in, n, out);
}

}  // namespace

template <class T>
void add_bias(T* values, const float* bias, std::int64_t rows, std::int64_t width) {
    at::parallel_for(0, rows, rows_per_task(width), [&](std::int64_t begin, std::int64_t end) {
        add_bias_part(values + begin * width, bias, end - begin, width);
    });
}

template <class T>
void bias_backward(const T* gradient, std::int64_t rows, std::int64_t width, float* bias_gradient) {
    // Each task owns its columns: no sums of different threads are ever added.
    at::parallel_for(0, width, columns_per_task, [&](std::int64_t begin, std::int64_t end) {
        sum_columns_part(gradient + begin, rows, width, end - begin, bias_gradient + begin);
    });
}

template <class T>
void bias_gelu(T* hidden, const float* bias, std::int64_t rows, std::int64_t width, T* out) {
    at::parallel_for(0, rows, rows_per_task(width), [&](std::int64_t begin, std::int64_t end) {
        bias_gelu_part(hidden + begin * width, bias, end - begin, width, out + begin * width);
    });
}

template <class T>
void gelu_backward(T* gradient, const T* hidden, std::int64_t count) {
    at::parallel_for(0, count, elements_per_task, [&](std::int64_t begin, std::int64_t end) {
        gelu_backward_part(gradient + begin, hidden + begin, end - begin);
    });
}

template <class T>
void add_branch(const float* residual, const T* branch, const float* bias, std::int64_t rows, std::int64_t width,
                float* out) {
    at::parallel_for(0, rows, rows_per_task(width), [&](std::int64_t begin, std::int64_t end) {
        const std::int64_t offset = begin * width;
        add_branch_part(residual + offset, branch + offset, bias, end - begin, width, out + offset);
    });
}

template <class T>
void convert(const float* in, std::int64_t count, T* out) {
    at::parallel_for(0, count, elements_per_task,
                     [&](std::int64_t begin, std::int64_t end) { convert_part(in + begin, end - begin, out + begin); });
}

#define EMETH_INSTANTIATE(T)                                                                            \
    template void add_bias(T*, const float*, std::int64_t, std::int64_t);                               \
    template void bias_backward(const T*, std::int64_t, std::int64_t, float*);                          \
    template void bias_gelu(T*, const float*, std::int64_t, std::int64_t, T*);                          \
    template void gelu_backward(T*, const T*, std::int64_t);                                            \
    template void add_branch(const float*, const T*, const float*, std::int64_t, std::int64_t, float*); \
    template void convert(const float*, std::int64_t, T*);
EMETH_INSTANTIATE(float)
EMETH_INSTANTIATE(c10::BFloat16)
#undef EMETH_INSTANTIATE

}  // namespace emeth::trainer::kernels
