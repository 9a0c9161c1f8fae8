// Arithmetic that the compiler turns into vector code: no branches, no calls. Used inside loops of functions marked
// EMETH_VECTORISED, which exist once for each instruction set and are chosen when the program starts.
#pragma once

#include <c10/util/BFloat16.h>

#include <bit>
#include <cstdint>

#define EMETH_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define EMETH_INLINE [[gnu::always_inline]] inline

namespace emeth::trainer {

EMETH_INLINE float to_float(float value) {
    return value;
}
EMETH_INLINE float to_float(c10::BFloat16 value) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(value.x) << 16);
}

template <class T>
T from_float(float value);
template <>
EMETH_INLINE float from_float<float>(float value) {
    return value;
}
/// Rounds to nearest, ties to even. NaN need not be preserved, because the training loop checks the float32 loss.
template <>
EMETH_INLINE c10::BFloat16 from_float<c10::BFloat16>(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t rounded = bits + 0x7FFF + ((bits >> 16) & 1);
    return c10::BFloat16(static_cast<std::uint16_t>(rounded >> 16), c10::BFloat16::from_bits());
}

/// e^x within 2 units in the last place, 0 below −87 (Cephes' expf).
EMETH_INLINE float exp_approximate(float x) {
    const float clamped = x < -87.0F ? -87.0F : (x > 88.0F ? 88.0F : x);
    const float n = __builtin_rintf(clamped * 1.44269504F);
    const float r = clamped - n * 0.693359375F + n * 2.12194440e-4F;
    float p = 1.9875691500e-4F;
    p = p * r + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * r * r + r + 1.0F;
    const auto exponent = static_cast<std::int32_t>(n) + 127;
    return p * std::bit_cast<float>(exponent << 23);
}

/// tanh(x) by e^2x; absolute error below 1e-7.
EMETH_INLINE float tanh_approximate(float x) {
    return 1.0F - 2.0F / (exp_approximate(2.0F * x) + 1.0F);
}

}  // namespace emeth::trainer
