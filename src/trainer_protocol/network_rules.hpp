// What must be equal everywhere in a network: a node that trains by rules other than the verifier's loses its deposits.
// Node, verifier and devnet each hold one NetworkRules value; workers receive the epochs and the model with every
// order. A node may train more epochs than the verifier asks for. The constants are rules as well, but not settings.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

namespace emeth::trainer_protocol {

/// Any bytes are a dataset, from this many on.
inline constexpr std::uint64_t dataset_bytes_min = 4'096;

/// The most epochs that a JOB may ask for, and that any run has.
inline constexpr std::uint32_t epochs_max = 1'000;
/// A verifier takes this many epochs, whatever was asked for. It is also the most that n_epoch may be.
inline constexpr std::uint32_t epochs_accepted = 100;
/// The most epochs that a verifier takes where `asked` were asked for, and so the most that a node may train.
constexpr std::uint32_t epochs_accepted_for(std::uint32_t asked) {
    return std::min(epochs_max, std::max(epochs_accepted, 2 * std::min(asked, epochs_max)));
}

/// A run has at least so many segments, at least so many an epoch, and as many as it takes for none to be longer than
/// segment_steps_max: training amplifies rounding, so that of a long segment the end tells little. A run of more than
/// segments_max · segment_steps_max steps has longer ones.
inline constexpr std::uint32_t segments_min = 32;
inline constexpr std::uint32_t segments_per_epoch_min = 8;
inline constexpr std::uint32_t segment_steps_max = 32;
inline constexpr std::uint32_t segments_max = 65'536;
inline constexpr std::uint32_t draws_default = 2;
inline constexpr std::uint32_t draws_max = 64;

/// powerCapacity of one RTX 3080, as the network publishes it: the speed that deadlines are judged by.
inline constexpr std::uint64_t power_capacity_published = 27'300;
/// What a node leaves, unless its operator says otherwise, between its finish estimate and the deadline.
inline constexpr std::int64_t deadline_margin_default_s = 3'600;

struct NetworkRules {
    std::uint32_t epochs_min = 2;         ///< setting n_epoch: max(param.epoch, this) epochs are trained
    std::string default_model = "nano";   ///< setting default_model: the preset of a JOB whose param names none
    std::uint32_t draws = draws_default;  ///< setting verification_draws: segments drawn besides the first one
};

}  // namespace emeth::trainer_protocol
