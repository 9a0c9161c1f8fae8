#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "trainer/model/kernels.hpp"
#include "trainer/model/vector_math.hpp"

namespace emeth::trainer::kernels {
namespace {

constexpr std::int64_t elements_per_task = 1 << 15;
constexpr std::int64_t columns_per_task = 64;

EMETH_VECTORISED void add_into(const float* in, std::int64_t count, float* sums) {
    for (std::int64_t i = 0; i < count; ++i) sums[i] += in[i];
}

EMETH_VECTORISED void add_two(const float* a, const float* b, std::int64_t count, float* out) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = a[i] + b[i];
}

EMETH_VECTORISED float squares_part(const float* values, std::int64_t count) {
    float sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += values[i] * values[i];
    return sum;
}

EMETH_VECTORISED void adamw_part(float* weights, const float* gradients, float* first_moments, float* second_moments,
                                 std::int64_t count, const AdamWStep& step) {
    const float keep = 1.0F - step.learning_rate * step.weight_decay;
    const float rate = step.learning_rate / step.correction1;
    const float inverse_correction2 = 1.0F / step.correction2;
    for (std::int64_t i = 0; i < count; ++i) {
        const float gradient = gradients[i] * step.gradient_scale;
        const float m = step.beta1 * first_moments[i] + (1.0F - step.beta1) * gradient;
        const float v = step.beta2 * second_moments[i] + (1.0F - step.beta2) * gradient * gradient;
        first_moments[i] = m;
        second_moments[i] = v;
        weights[i] = weights[i] * keep - rate * m / (__builtin_sqrtf(v * inverse_correction2) + step.epsilon);
    }
}

}  // namespace

void embed(const std::int32_t* tokens, const float* token_table, const float* position_table, std::int64_t sequences,
           std::int64_t context, std::int64_t width, float* out) {
    at::parallel_for(0, sequences * context, std::max<std::int64_t>(1, elements_per_task / width),
                     [&](std::int64_t begin, std::int64_t end) {
                         for (std::int64_t row = begin; row < end; ++row)
                             add_two(token_table + tokens[row] * width, position_table + row % context * width, width,
                                     out + row * width);
                     });
}

void embed_backward(const std::int32_t* tokens, const float* gradient, std::int64_t sequences, std::int64_t context,
                    std::int64_t width, float* token_gradient, float* position_gradient) {
    // Tokens repeat, so each task owns columns, not rows.
    at::parallel_for(0, width, columns_per_task, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = 0; row < sequences * context; ++row) {
            const float* line = gradient + row * width + begin;
            add_into(line, end - begin, token_gradient + tokens[row] * width + begin);
            add_into(line, end - begin, position_gradient + row % context * width + begin);
        }
    });
}

double sum_of_squares(const float* values, std::int64_t count) {
    const std::int64_t parts = (count + elements_per_task - 1) / elements_per_task;
    std::vector<double> sums(static_cast<std::size_t>(parts));
    at::parallel_for(0, parts, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t part = begin; part < end; ++part) {
            const std::int64_t first = part * elements_per_task;
            sums[static_cast<std::size_t>(part)] =
                static_cast<double>(squares_part(values + first, std::min(elements_per_task, count - first)));
        }
    });
    return std::accumulate(sums.begin(), sums.end(), 0.0);
}

void adamw(float* weights, const float* gradients, float* first_moments, float* second_moments, std::int64_t count,
           const AdamWStep& step) {
    at::parallel_for(0, count, elements_per_task, [&](std::int64_t begin, std::int64_t end) {
        adamw_part(weights + begin, gradients + begin, first_moments + begin, second_moments + begin, end - begin,
                   step);
    });
}

}  // namespace emeth::trainer::kernels
