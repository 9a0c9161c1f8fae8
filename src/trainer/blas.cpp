#include "trainer/blas.hpp"

extern "C" void sgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k,
                       const float* alpha, const float* a, const int* lda, const float* b, const int* ldb,
                       const float* beta, float* c, const int* ldc);

namespace emeth::trainer {

void matrix_product(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, ConstMatrix a, ConstMatrix b,
                    float beta, float* c, std::int64_t c_stride) {
    // BLAS thinks in columns: the transposed product of the transposed operands is ours.
    const int rows = static_cast<int>(m);
    const int columns = static_cast<int>(n);
    const int inner = static_cast<int>(k);
    const int a_stride = static_cast<int>(a.stride);
    const int b_stride = static_cast<int>(b.stride);
    const int out_stride = static_cast<int>(c_stride);
    const char a_form = a.transposed ? 'T' : 'N';
    const char b_form = b.transposed ? 'T' : 'N';
    sgemm_(&b_form, &a_form, &columns, &rows, &inner, &alpha, b.data, &b_stride, a.data, &a_stride, &beta, c,
           &out_stride);
}

}  // namespace emeth::trainer
