// What every part of a network must take for granted alike: a node that trains by other rules than the verifier checks
// by loses its deposit. Node, worker, verifier and devnet are each given one value of it; the constants beside it are
// rules as well, but nobody may set them.
#pragma once

#include <cstdint>
#include <string>

namespace emeth::trainer_protocol {

inline constexpr std::uint32_t epochs_max = 1'000;

inline constexpr std::uint32_t segments_default = 32;
inline constexpr std::uint32_t segments_per_epoch_min = 8;
inline constexpr std::uint32_t draws_default = 2;
inline constexpr std::uint32_t draws_max = 64;

struct NetworkRules {
    std::uint32_t epochs_min = 2;         ///< setting n_epoch: max(param.epoch, this) epochs are trained
    std::string default_model = "nano";   ///< setting default_model: the preset of a JOB whose param names none
    std::uint32_t draws = draws_default;  ///< setting verification_draws: segments drawn besides the first one
};

}  // namespace emeth::trainer_protocol
