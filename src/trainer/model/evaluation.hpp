// The mean loss of a model over given windows, in float32: the same for node and verifier except for rounding.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

#include "trainer/data/token_file.hpp"
#include "trainer/model/model.hpp"

namespace emeth::trainer {

/// The windows' inputs and targets.
Batch read_batch(const TokenFile& tokens, const Preset& preset, std::span<const std::uint64_t> windows);

/// Mean loss per token (nats), computed in float32 on `device`.
double mean_loss(const Preset& preset, const ParameterLayout& layout, const at::Tensor& weights,
                 const at::Device& device, const TokenFile& tokens, std::span<const std::uint64_t> windows);

}  // namespace emeth::trainer
