#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "trainer/model/kernels.hpp"
#include "trainer/model/row_sums.hpp"
#include "trainer/model/vector_math.hpp"

namespace emeth::trainer::kernels {
namespace {

constexpr std::int64_t elements_per_task = 1 << 15;
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

/// sums[2 · width]: of the gain's gradient, then of the bias's.
template <class T>
EMETH_INLINE void norm_backward_rows(const T* out_gradient, const float* in, const float* gain,
                                     NormStatistics statistics, std::int64_t rows, std::int64_t width,
                                     float* in_gradient, float* sums) {
    const float share = 1.0F / static_cast<float>(width);
    float* gain_sums = sums;
    float* bias_sums = sums + width;
    for (std::int64_t row = 0; row < rows; ++row) {
        const T* dy = out_gradient + row * width;
        const float* x = in + row * width;
        const float mean = statistics.mean[row];
        const float inverse = statistics.inverse_deviation[row];
        float sum = 0;
        float product = 0;
        for (std::int64_t i = 0; i < width; ++i) {
            const float gradient = to_float(dy[i]);
            const float normed = (x[i] - mean) * inverse;
            gain_sums[i] += gradient * normed;
            bias_sums[i] += gradient;
            sum += gradient * gain[i];
            product += gradient * gain[i] * normed;
        }
        sum *= share;
        product *= share;
        float* dx = in_gradient + row * width;
        for (std::int64_t i = 0; i < width; ++i)
            dx[i] += (to_float(dy[i]) * gain[i] - sum - (x[i] - mean) * inverse * product) * inverse;
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
                                         std::int64_t r, std::int64_t w, float* dx, float* sums) {
    norm_backward_rows(dy, x, g, s, r, w, dx, sums);
}
EMETH_VECTORISED void norm_backward_part(const BFloat16* dy, const float* x, const float* g, NormStatistics s,
                                         std::int64_t r, std::int64_t w, float* dx, float* sums) {
    norm_backward_rows(dy, x, g, s, r, w, dx, sums);
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
    std::vector<float> totals(static_cast<std::size_t>(2 * width));
    sum_over_rows(rows, 2 * width, totals.data(), [&](std::int64_t begin, std::int64_t end, float* sums) {
        const std::int64_t offset = begin * width;
        norm_backward_part(out_gradient + offset, in + offset, gain, from_row(statistics, begin), end - begin, width,
                           in_gradient + offset, sums);
    });
    for (std::int64_t i = 0; i < width; ++i) {
        gain_gradient[i] += totals[static_cast<std::size_t>(i)];
        bias_gradient[i] += totals[static_cast<std::size_t>(width + i)];
    }
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
