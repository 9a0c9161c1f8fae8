// In which numbers a model is computed.
#pragma once

#include <cstdint>
#include <string_view>

namespace emeth::trainer {

enum class Precision : std::uint8_t { float32, bf16 };

inline std::string_view precision_name(Precision precision) {
    return precision == Precision::bf16 ? "bf16" : "float32";
}

}  // namespace emeth::trainer
