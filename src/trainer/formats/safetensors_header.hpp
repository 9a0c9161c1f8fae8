// The safetensors format without the tensors' numbers: an 8-byte little-endian length, a JSON header of that length,
// then the tensors' bytes, which the header places.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"

namespace emeth::trainer {

struct TensorShape {
    std::string name;
    std::vector<std::int64_t> shape;

    /// Of its float32 numbers.
    [[nodiscard]] std::uint64_t bytes() const;
};

/// What precedes the tensors' bytes, which follow in the order of `tensors`.
std::string write_safetensors_header(const std::vector<TensorShape>& tensors);

/// The largest size that a file of these tensors may have.
std::uint64_t safetensors_bytes_max(const std::vector<TensorShape>& tensors);

/// The bytes of each tensor within `file`, in the order of `tensors`. A permanent Error unless the file holds exactly
/// these tensors, float32, in their shapes, without gaps.
Result<std::vector<std::string_view>> read_safetensors_header(std::string_view file,
                                                              const std::vector<TensorShape>& tensors);

}  // namespace emeth::trainer
