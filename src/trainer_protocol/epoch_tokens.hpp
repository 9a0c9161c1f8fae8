// How much work an epoch is. The network pays by the dataset's bytes, so these bound the tokens that are trained,
// whatever a tokenizer makes of the bytes: pieces as long as a tokenizer may have them must not make work cheap, nor
// many tokens a byte make it dear. Trainer and verifier plan by these bounds, nodes estimate by them.
#pragma once

#include <cstdint>

#include "trainer_protocol/presets.hpp"

namespace emeth::trainer_protocol {

/// Of ordinary text a token has 2 to 5 bytes; SentencePiece's longest pieces have 16 characters, 64 bytes at most.
inline constexpr std::uint64_t bytes_per_token_max = 6;
/// An epoch has at least this many optimiser steps: small datasets are trained in smaller ones.
inline constexpr std::uint64_t steps_per_epoch_min = 32;

struct EpochTokens {
    std::uint64_t at_least = 0;
    std::uint64_t at_most = 0;  ///< not below at_least
};

/// At least one token for bytes_per_token_max bytes; at most one a byte, or what steps_per_epoch_min windows hold if
/// that is more.
EpochTokens epoch_tokens(const Preset& preset, std::uint64_t dataset_bytes);

}  // namespace emeth::trainer_protocol
