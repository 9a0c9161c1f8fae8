#include "trainer/artifact/safetensors.hpp"

#include <ATen/ATen.h>

#include <cstring>
#include <vector>

#include "trainer/formats/safetensors_header.hpp"

namespace emeth::trainer {
namespace {

std::vector<TensorShape> shapes_of(const ParameterLayout& layout) {
    std::vector<TensorShape> shapes;
    for (const Parameter& parameter : layout.parameters()) shapes.push_back({parameter.name, parameter.shape});
    return shapes;
}

}  // namespace

std::string write_safetensors(const ParameterLayout& layout, const at::Tensor& weights) {
    std::string file = write_safetensors_header(shapes_of(layout));
    file.append(reinterpret_cast<const char*>(weights.data_ptr<float>()),
                static_cast<std::size_t>(weights.numel()) * sizeof(float));
    return file;
}

std::uint64_t safetensors_bytes_max(const ParameterLayout& layout) {
    return safetensors_bytes_max(shapes_of(layout));
}

Result<at::Tensor> read_safetensors(std::string_view file, const ParameterLayout& layout) {
    const Result<std::vector<std::string_view>> places = read_safetensors_header(file, shapes_of(layout));
    if (places.has_error()) return places.error();
    at::Tensor weights = at::empty({layout.count()}, at::kFloat);
    for (std::size_t i = 0; i < places->size(); ++i)
        std::memcpy(weights.data_ptr<float>() + layout.parameters()[i].offset, (*places)[i].data(),
                    (*places)[i].size());
    return weights;
}

}  // namespace emeth::trainer
