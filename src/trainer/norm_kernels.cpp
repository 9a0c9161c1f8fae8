#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "trainer/kernels.hpp"
#include "trainer/vector_math.hpp"

namespace emeth::trainer::kernels {
namespace {

constexpr std::int64_t elements_per_task = 1 << 15;
constexpr std::int64_t columns_per_task = 64;
constexpr float epsilon = 1e-5F;

std::int64_t rows_per_task(std::int64_t width) {
    return std::max<std::int64_t>(1, elements_per_task / width);
}

template <class T>
EMETH_INLINE void norm_rows(const float* in, const float* gain, const float* bias, std::int64_t rows,
                            std::int64_t width, T* out, NormStatistics statistics) {
    for (std::int64_t row = 0; row < rows; ++row) {
        const float* x = in + row * width;
        float sum = 0;
        for (std::int64_t i = 0; i < width; ++i) sum += x[i];
        const float mean = sum / static_cast<float>(width);
        float squares = 0;
        for (std::int64_t i = 0; i < width; ++i) squares += (x[i] - mean) * (x[i] - mean);
        const float inverse = 1.0F / std::sqrt(squares / static_cast<float>(width) + epsilon);
        T* y = out + row * width;
        for (std::int64_t i = 0; i < width; ++i) y[i] = from_float<T>((x[i] - mean) * inverse * gain[i] + bias[i]);
        statistics.mean[row] = mean;
        statistics.inverse_deviation[row] = inverse;
    }
}

template <class T>
EMETH_INLINE void norm_backward_rows(const T* out_gradient, const float* in, const float* gain,
                                     NormStatistics statistics, std::int64_t rows, std::int64_t width,
                                     float* in_gradient) {
    const float share = 1.0F / static_cast<float>(width);
    for (std::int64_t row = 0; row < rows; ++row) {
        const T* dy = out_gradient + row * width;
        const float* x = in + row * width;
        const float mean = statistics.mean[row];
        const float inverse = statistics.inverse_deviation[row];
        float sum = 0;
        float product = 0;
        for (std::int64_t i = 0; i < width; ++i) {
            const float scaled = to_float(dy[i]) * gain[i];
            sum += scaled;
            product += scaled * (x[i] - mean) * inverse;
        }
        sum *= share;
        product *= share;
        float* dx = in_gradient + row * width;
        for (std::int64_t i = 0; i < width; ++i)
            dx[i] += (to_float(dy[i]) * gain[i] - sum - (x[i] - mean) * inverse * product) * inverse;
    }
}

/// Of `columns` columns, over all rows.
template <class T>
EMETH_INLINE void norm_parameter_gradients(const T* out_gradient, const float* in, NormStatistics statistics,
                                           std::int64_t rows, std::int64_t width, std::int64_t columns,
                                           float* gain_gradient, float* bias_gradient) {
    for (std::int64_t row = 0; row < rows; ++row) {
        const T* dy = out_gradient + row * width;
        const float* x = in + row * width;
        const float mean = statistics.mean[row];
        const float inverse = statistics.inverse_deviation[row];
        for (std::int64_t i = 0; i < columns; ++i) {
            const float gradient = to_float(dy[i]);
            gain_gradient[i] += gradient * (x[i] - mean) * inverse;
            bias_gradient[i] += gradient;
        }
    }
}

using BFloat16 = c10::BFloat16;
EMETH_VECTORISED void norm_part(const float* x, const float* g, const float* b, std::int64_t r, std::int64_t w,
                                float* y, NormStatistics s) {
    norm_rows(x, g, b, r, w, y, s);
}
EMETH_VECTORISED void norm_part(const float* x, const float* g, const float* b, std::int64_t r, std::int64_t w,
                                BFloat16* y, NormStatistics s) {
    norm_rows(x, g, b, r, w, y, s);
}
EMETH_VECTORISED void norm_backward_part(const float* dy, const float* x, const float* g, NormStatistics s,
                                         std::int64_t r, std::int64_t w, float* dx) {
    norm_backward_rows(dy, x, g, s, r, w, dx);
}
EMETH_VECTORISED void norm_backward_part(const BFloat16* dy, const float* x, const float* g, NormStatistics s,
                                         std::int64_t r, std::int64_t w, float* dx) {
    norm_backward_rows(dy, x, g, s, r, w, dx);
}
EMETH_VECTORISED void norm_parameters_part(const float* dy, const float* x, NormStatistics s, std::int64_t r,
                                           std::int64_t w, std::int64_t c, float* dg, float* db) {
    norm_parameter_gradients(dy, x, s, r, w, c, dg, db);
}
EMETH_VECTORISED void norm_parameters_part(const BFloat16* dy, const float* x, NormStatistics s, std::int64_t r,
                                           std::int64_t w, std::int64_t c, float* dg, float* db) {
    norm_parameter_gradients(dy, x, s, r, w, c, dg, db);
}

NormStatistics from_row(NormStatistics statistics, std::int64_t row) {
    return {statistics.mean + row, statistics.inverse_deviation + row};
}

}  // namespace

template <class T>
void layer_norm(const float* in, const float* gain, const float* bias, std::int64_t rows, std::int64_t width, T* out,
                NormStatistics statistics) {
    at::parallel_for(0, rows, rows_per_task(width), [&](std::int64_t begin, std::int64_t end) {
        const std::int64_t offset = begin * width;
        norm_part(in + offset, gain, bias, end - begin, width, out + offset, from_row(statistics, begin));
    });
}

template <class T>
void layer_norm_backward(const T* out_gradient, const float* in, const float* gain, NormStatistics statistics,
                         std::int64_t rows, std::int64_t width, float* in_gradient, float* gain_gradient,
                         float* bias_gradient) {
    at::parallel_for(0, rows, rows_per_task(width), [&](std::int64_t begin, std::int64_t end) {
        const std::int64_t offset = begin * width;
        norm_backward_part(out_gradient + offset, in + offset, gain, from_row(statistics, begin), end - begin, width,
                           in_gradient + offset);
    });
    at::parallel_for(0, width, columns_per_task, [&](std::int64_t begin, std::int64_t end) {
        norm_parameters_part(out_gradient + begin, in + begin, statistics, rows, width, end - begin,
                             gain_gradient + begin, bias_gradient + begin);
    });
}

#define EMETH_INSTANTIATE(T)                                                                              \
    template void layer_norm(const float*, const float*, const float*, std::int64_t, std::int64_t, T*,    \
                             NormStatistics);                                                             \
    template void layer_norm_backward(const T*, const float*, const float*, NormStatistics, std::int64_t, \
                                      std::int64_t, float*, float*, float*);
EMETH_INSTANTIATE(float)
EMETH_INSTANTIATE(c10::BFloat16)
#undef EMETH_INSTANTIATE

}  // namespace emeth::trainer::kernels
