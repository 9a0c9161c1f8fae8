// Matrix products straight from oneDNN, the library behind libtorch's own bfloat16 products. Libtorch's interface lacks
// float32 results and sums of bfloat16 products, and adding a bias or a residual to the result.
#pragma once

#include <ATen/core/Tensor.h>

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <type_traits>

namespace emeth::trainer {

enum class Element : std::uint8_t { float32, bf16 };
template <class T>
inline constexpr Element element_of = std::is_same_v<T, float> ? Element::float32 : Element::bf16;

/// How a matrix lies in memory: element (i, j) at i · row_stride + j · column_stride.
struct MatrixShape {
    Element element;
    std::int64_t rows, columns, row_stride, column_stride = 1;
    [[nodiscard]] MatrixShape transposed() const { return {element, columns, rows, column_stride, row_stride}; }
    auto operator<=>(const MatrixShape&) const = default;
};
/// Rows one after the other.
template <class T>
MatrixShape dense(std::int64_t rows, std::int64_t columns) {
    return {element_of<T>, rows, columns, columns};
}

/// What is added to the product.
enum class Addend : std::uint8_t {
    none,
    out,       ///< what `out` held
    bias,      ///< a float32 row, to each row
    residual,  ///< a bias, and a float32 matrix that lies as `out` does
};

/// Which threads compute a product.
enum class Threads : std::uint8_t {
    all,
    caller,  ///< the calling thread alone: for products inside at::parallel_for
};

struct Addends {
    const float* bias = nullptr;
    const float* residual = nullptr;
};

/// A product of matrices of fixed shapes: made once, run often. Any number of threads may run one that was made for
/// Threads::caller; for Threads::all, the number of threads is what libtorch has when the product is made.
class Product {
public:
    Product(MatrixShape left, MatrixShape right, MatrixShape out, Addend addend, Threads threads = Threads::all);
    /// out = left · right + addend
    void run(const void* left, const void* right, void* out, Addends addends = {}) const;

private:
    struct Impl;
    std::shared_ptr<const Impl> impl_;
};

/// Products by their shapes, each made when it is first needed. A model has few of them.
class Products {
public:
    /// out = left · right + addend, of matrices of two dimensions, by all threads.
    void run(const at::Tensor& left, const at::Tensor& right, const at::Tensor& out, Addend addend,
             Addends addends = {});

private:
    using Key = std::tuple<MatrixShape, MatrixShape, MatrixShape, Addend>;
    std::map<Key, Product> made_;
};

}  // namespace emeth::trainer
