#include "trainer/model/products.hpp"

#include <omp.h>

#include <cstddef>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

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
    const dnnl::matmul::desc product =
        has_bias ? dnnl::matmul::desc(left, right, bias, out) : dnnl::matmul::desc(left, right, out);
    return {product, attributes, cpu()};
}

/// Scratch memory of a product. oneDNN's own would be shared by all products, whichever thread runs them.
void* scratchpad(std::size_t bytes) {
    constexpr std::size_t alignment = 64;
    thread_local std::vector<std::byte> room;
    if (room.size() < bytes + alignment) room.resize(bytes + alignment);
    void* start = room.data();
    std::size_t space = room.size();
    return std::align(alignment, bytes, start, space);
}

MatrixShape shape_of(const at::Tensor& matrix) {
    const Element element = matrix.scalar_type() == at::kFloat ? Element::float32 : Element::bf16;
    return {element, matrix.size(0), matrix.size(1), matrix.stride(0), matrix.stride(1)};
}

}  // namespace

struct Product::Impl {
    dnnl::memory::desc left, right, out, bias, scratchpad;
    dnnl::matmul matmul;
};

Product::Product(MatrixShape left, MatrixShape right, MatrixShape out, Addend addend, Threads threads) {
    const dnnl::memory::desc bias = describe_bias(out.columns);
    const ThreadsWhileMaking while_making(threads);
    const auto product = make(describe(left), describe(right), describe(out), bias, addend);
    impl_ = std::make_shared<const Impl>(
        Impl{describe(left), describe(right), describe(out), bias, product.scratchpad_desc(), dnnl::matmul(product)});
}

void Product::run(const void* left, const void* right, void* out, Addends addends) const {
    std::unordered_map<int, dnnl::memory> arguments{{DNNL_ARG_SRC, at(impl_->left, left)},
                                                    {DNNL_ARG_WEIGHTS, at(impl_->right, right)},
                                                    {DNNL_ARG_DST, at(impl_->out, out)}};
    if (const std::size_t bytes = impl_->scratchpad.get_size(); bytes > 0)
        arguments.emplace(DNNL_ARG_SCRATCHPAD, at(impl_->scratchpad, scratchpad(bytes)));
    if (addends.bias != nullptr) arguments.emplace(DNNL_ARG_BIAS, at(impl_->bias, addends.bias));
    if (addends.residual != nullptr)
        arguments.emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, at(impl_->out, addends.residual));
    impl_->matmul.execute(stream(), arguments);
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
