// Matrix products of small float32 pieces, called from inside parallel loops, straight from the BLAS that libtorch
// uses.
#pragma once

#include <cstdint>

namespace emeth::trainer {

/// A row-major matrix inside a wider one: rows lie `stride` floats apart.
struct ConstMatrix {
    const float* data;
    std::int64_t stride;
    bool transposed = false;
};

/// c[m, n] = alpha · op(a)[m, k] · op(b)[k, n] + beta · c
void matrix_product(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, ConstMatrix a, ConstMatrix b,
                    float beta, float* c, std::int64_t c_stride);

}  // namespace emeth::trainer
