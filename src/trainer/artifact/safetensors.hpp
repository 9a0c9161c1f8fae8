// Weights in the safetensors format: an 8-byte little-endian header length, a JSON header, the tensors' bytes.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

#include "runtime/result.hpp"
#include "trainer/model/parameters.hpp"

namespace emeth::trainer {

/// The whole file, tensors in the layout's order.
std::string write_safetensors(const ParameterLayout& layout, const at::Tensor& weights);

/// The largest size that a file of this layout may have.
std::uint64_t safetensors_bytes_max(const ParameterLayout& layout);

/// The flat weights. A permanent Error unless the file holds exactly the layout's tensors, float32, in their shapes,
/// without gaps.
Result<at::Tensor> read_safetensors(std::string_view file, const ParameterLayout& layout);

}  // namespace emeth::trainer
