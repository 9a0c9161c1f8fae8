#include "trainer_protocol/epoch_tokens.hpp"

#include <algorithm>

namespace emeth::trainer_protocol {

EpochTokens epoch_tokens(const Preset& preset, std::uint64_t dataset_bytes) {
    const std::uint64_t started = dataset_bytes % bytes_per_token_max == 0 ? 0 : 1;
    const std::uint64_t windows_min = steps_per_epoch_min * static_cast<std::uint64_t>(preset.context);
    return {.at_least = dataset_bytes / bytes_per_token_max + started, .at_most = std::max(dataset_bytes, windows_min)};
}

}  // namespace emeth::trainer_protocol
