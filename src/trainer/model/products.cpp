#include "trainer/model/products.hpp"

#include <omp.h>

#include <array>
#include <cstddef>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "trainer/model/vector_math.hpp"

namespace emeth::trainer {
namespace {

const dnnl::engine& cpu() {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

const dnnl::stream& stream() {
    static const dnnl::stream stream(cpu());
    return stream;
}

dnnl::memory::desc describe(const MatrixShape& shape) {
    const auto type = shape.element == Element::bf16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
    return {{shape.rows, shape.columns}, type, dnnl::memory::dims{shape.row_stride, shape.column_stride}};
}

dnnl::memory::desc describe_bias(std::int64_t columns) {
    return {{1, columns}, dnnl::memory::data_type::f32, dnnl::memory::dims{columns, 1}};
}

/// oneDNN never writes through what it takes as a source, but has one type for sources and results.
dnnl::memory at(const dnnl::memory::desc& shape, const void* data) {
    return {shape, cpu(), const_cast<void*>(data)};
}

/// oneDNN divides the work when a product is made, by the number of threads that OpenMP has at that moment.
class ThreadsWhileMaking {
public:
    explicit ThreadsWhileMaking(Threads threads) : before_(omp_get_max_threads()) {
        if (threads == Threads::caller) omp_set_num_threads(1);
    }
    ThreadsWhileMaking(const ThreadsWhileMaking&) = delete;
    ThreadsWhileMaking& operator=(const ThreadsWhileMaking&) = delete;
    ~ThreadsWhileMaking() { omp_set_num_threads(before_); }

private:
    int before_;
};

dnnl::matmul::primitive_desc make(const dnnl::memory::desc& left, const dnnl::memory::desc& right,
                                  const dnnl::memory::desc& out, const dnnl::memory::desc& bias, Addend addend) {
    dnnl::post_ops then;
    if (addend == Addend::out) then.append_sum(1.0F);
    if (addend == Addend::residual) then.append_binary(dnnl::algorithm::binary_add, out);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(then);
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const bool has_bias = addend == Addend::bias || addend == Addend::residual;
#if DNNL_VERSION_MAJOR < 3  // Debian 12
    const dnnl::matmul::desc product =
        has_bias ? dnnl::matmul::desc(left, right, bias, out) : dnnl::matmul::desc(left, right, out);
    return {product, attributes, cpu()};
#else
    if (has_bias) return {cpu(), left, right, bias, out, attributes};
    return {cpu(), left, right, out, attributes};
#endif
}

/// Scratch memory of a product. oneDNN's own would be shared by all products, whichever thread runs them.
void* scratch_memory(std::size_t bytes) {
    constexpr std::size_t alignment = 64;
    thread_local std::vector<std::byte> room;
    if (room.size() < bytes + alignment) room.resize(bytes + alignment);
    void* start = room.data();
    std::size_t space = room.size();
    return std::align(alignment, bytes, start, space);
}

/// A bfloat16 product on a processor without AVX-512, for which oneDNN has none: the matrices are widened to float32,
/// which loses nothing, and the result is rounded. oneDNN's own product sums in float32 as well.
struct Widened {
    MatrixShape left, right, out;
    bool adds_to_out;
};

bool has_native_product(const MatrixShape& left, const MatrixShape& right, const MatrixShape& out) {
    const auto is_bf16 = [](const MatrixShape& shape) { return shape.element == Element::bf16; };
    if (!is_bf16(left) && !is_bf16(right) && !is_bf16(out)) return true;
    // Each instruction set's number holds the bits of those that it includes.
    constexpr auto needed = static_cast<unsigned>(dnnl::cpu_isa::avx512_core);
    return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & needed) == needed;
}

/// float32 matrices keep their place; others lie densely.
MatrixShape widen(const MatrixShape& shape) {
    return shape.element == Element::float32 ? shape : dense<float>(shape.rows, shape.columns);
}

const float* widen(const MatrixShape& shape, const void* data, std::vector<float>& room) {
    if (shape.element == Element::float32) return static_cast<const float*>(data);
    const auto* values = static_cast<const c10::BFloat16*>(data);
    room.resize(static_cast<std::size_t>(shape.rows * shape.columns));
    float* wide = room.data();
    for (std::int64_t row = 0; row < shape.rows; ++row)
        for (std::int64_t column = 0; column < shape.columns; ++column)
            *wide++ = to_float(values[row * shape.row_stride + column * shape.column_stride]);
    return room.data();
}

void narrow(const MatrixShape& shape, const std::vector<float>& wide, void* data) {
    auto* values = static_cast<c10::BFloat16*>(data);
    const float* next = wide.data();
    for (std::int64_t row = 0; row < shape.rows; ++row)
        for (std::int64_t column = 0; column < shape.columns; ++column)
            values[row * shape.row_stride + column * shape.column_stride] = from_float<c10::BFloat16>(*next++);
}

MatrixShape shape_of(const at::Tensor& matrix) {
    const Element element = matrix.scalar_type() == at::kFloat ? Element::float32 : Element::bf16;
    return {element, matrix.size(0), matrix.size(1), matrix.stride(0), matrix.stride(1)};
}

}  // namespace

struct Product::Impl {
    dnnl::memory::desc left, right, out, bias, scratchpad;
    dnnl::matmul matmul;
    std::optional<Widened> widened{};  ///< set: `matmul` multiplies the widened matrices

    void run(const void* left_data, const void* right_data, void* out_data, Addends addends) const;
};

Product::Product(MatrixShape left, MatrixShape right, MatrixShape out, Addend addend, Threads threads) {
    const dnnl::memory::desc bias = describe_bias(out.columns);
    const ThreadsWhileMaking while_making(threads);
    std::optional<Widened> widened;
    if (!has_native_product(left, right, out)) {
        widened = Widened{left, right, out, addend == Addend::out};
        left = widen(left), right = widen(right), out = widen(out);
    }
    const auto product = make(describe(left), describe(right), describe(out), bias, addend);
    impl_ = std::make_shared<const Impl>(Impl{describe(left), describe(right), describe(out), bias,
                                              product.scratchpad_desc(), dnnl::matmul(product), widened});
}

void Product::run(const void* left, const void* right, void* out, Addends addends) const {
    if (!impl_->widened) return impl_->run(left, right, out, addends);
    thread_local std::array<std::vector<float>, 3> room;
    const Widened& shapes = *impl_->widened;
    const float* wide_left = widen(shapes.left, left, room[0]);
    const float* wide_right = widen(shapes.right, right, room[1]);
    if (shapes.out.element == Element::float32) return impl_->run(wide_left, wide_right, out, addends);
    room[2].resize(static_cast<std::size_t>(shapes.out.rows * shapes.out.columns));
    if (shapes.adds_to_out) widen(shapes.out, out, room[2]);
    impl_->run(wide_left, wide_right, room[2].data(), addends);
    narrow(shapes.out, room[2], out);
}

void Product::Impl::run(const void* left_data, const void* right_data, void* out_data, Addends addends) const {
    std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, at(left, left_data)},
                                                    {DNNL_ARG_WEIGHTS, at(right, right_data)},
                                                    {DNNL_ARG_DST, at(out, out_data)}};
    if (const std::size_t bytes = scratchpad.get_size(); bytes > 0)
        arguments.emplace(DNNL_ARG_SCRATCHPAD, at(scratchpad, scratch_memory(bytes)));
    if (addends.bias != nullptr) arguments.emplace(DNNL_ARG_BIAS, at(bias, addends.bias));
    if (addends.residual != nullptr)
        arguments.emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, at(out, addends.residual));
    matmul.execute(stream(), arguments);
}

void Products::run(const at::Tensor& left, const at::Tensor& right, const at::Tensor& out, Addend addend,
                   Addends addends) {
    const Key key{shape_of(left), shape_of(right), shape_of(out), addend};
    auto found = made_.find(key);
    if (found == made_.end())
        found = made_.emplace(key, Product(std::get<0>(key), std::get<1>(key), std::get<2>(key), addend)).first;
    found->second.run(left.data_ptr(), right.data_ptr(), out.data_ptr(), addends);
}

}  // namespace emeth::trainer
