#include "trainer_protocol/segments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "crypto/sha256.hpp"
#include "trainer_protocol/epoch_tokens.hpp"

namespace emeth::trainer_protocol {
namespace {

std::uint64_t word_of_draw(const JobId& job, const Hash256& block_hash, std::uint32_t number) {
    const Hash256 digest = crypto::sha256(fmt::format("emeth/draw/1/{}/{}/{}", job.hex(), block_hash.hex(), number));
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8; ++i) word = word << 8 | digest.bytes[i];
    return word;
}

std::uint64_t quotient_up(std::uint64_t dividend, std::uint64_t divisor) {
    return dividend / divisor + (dividend % divisor == 0 ? 0 : 1);
}

/// Where more than segments_min are wanted, each has so many steps: of fewer, training them again would mostly be
/// preparation.
constexpr std::uint64_t segment_steps_wanted = 8;

/// If there are steps enough. Never fewer for more steps.
std::uint64_t segments_wished(std::uint32_t wanted, std::uint64_t steps, std::uint32_t epochs) {
    const std::uint64_t wished = std::max({std::uint64_t{segments_min}, std::uint64_t{segments_per_epoch_min} * epochs,
                                           std::min<std::uint64_t>(wanted, steps / segment_steps_wanted),
                                           quotient_up(steps, segment_steps_max)});
    return std::min<std::uint64_t>(wished, segments_max);
}

/// A space that the tokenizer does not know is three tokens of 2 bytes each, although an epoch trains at most one a
/// byte.
constexpr std::uint64_t token_bytes_per_dataset_byte = 6;

}  // namespace

std::uint32_t segment_count(std::string_view model, std::uint64_t steps, std::uint32_t epochs) {
    const Result<Preset> preset = find_preset(model);
    const std::uint32_t wanted = preset ? preset->segments_wanted : segments_min;
    return static_cast<std::uint32_t>(std::min(segments_wished(wanted, steps, epochs), steps));
}

/// An epoch in steps smaller than the preset's has at most 64 of them, since no token has more than 64 bytes: no more
/// than segments_per_epoch_min segments of segment_steps_wanted steps.
std::uint32_t segment_count_max(const Preset& preset, std::uint64_t dataset_bytes, std::uint32_t epochs) {
    const auto step_tokens = static_cast<std::uint64_t>(preset.context * preset.sequences_per_step);
    const std::uint64_t steps_per_epoch = quotient_up(epoch_tokens(preset, dataset_bytes).at_most, step_tokens);
    const std::uint64_t counted = std::min(steps_per_epoch, std::numeric_limits<std::uint64_t>::max() / epochs);
    return static_cast<std::uint32_t>(segments_wished(preset.segments_wanted, counted * epochs, epochs));
}

std::uint64_t step_of_state(std::uint32_t index, std::uint32_t segments, std::uint64_t steps) {
    // The same as steps · index / segments, which might not fit into 64 bits.
    return steps / segments * index + steps % segments * index / segments;
}

std::vector<std::uint32_t> draw_segments(const JobId& job, const Hash256& block_hash, std::uint32_t segments,
                                         std::uint32_t draws) {
    std::set<std::uint32_t> drawn{0};
    const std::uint64_t others = segments > 0 ? segments - 1 : 0;
    const std::uint64_t wished = 1 + std::min<std::uint64_t>(draws, others);
    for (std::uint32_t number = 0; drawn.size() < wished; ++number) {
        const std::uint64_t word = word_of_draw(job, block_hash, number);
        constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
        if (word >= most - most % others) continue;
        drawn.insert(static_cast<std::uint32_t>(1 + word % others));
    }
    return {drawn.begin(), drawn.end()};
}

std::vector<std::uint32_t> states_to_show(const std::vector<std::uint32_t>& drawn, std::uint32_t segments) {
    std::set<std::uint32_t> states;
    for (const std::uint32_t segment : drawn) {
        states.insert(segment);
        if (segment + 1 < segments) states.insert(segment + 1);
    }
    return {states.begin(), states.end()};
}

std::filesystem::path state_file(const std::filesystem::path& folder, std::uint32_t index) {
    return folder / "states" / fmt::format("state-{}.bin", index);
}

std::array<std::uint8_t, evidence_header_bytes> evidence_header(const Hash256& block_hash) {
    std::array<std::uint8_t, evidence_header_bytes> header{};
    std::ranges::copy(evidence_magic, header.begin());
    std::ranges::copy(block_hash.bytes, header.begin() + evidence_magic.size());
    return header;
}

std::optional<std::uint64_t> state_bytes(std::string_view model) {
    const Result<Preset> preset = find_preset(model);
    return preset ? std::optional(preset->state_bytes()) : std::nullopt;
}

std::uint64_t states_bytes(std::string_view model, std::uint32_t segments, std::uint32_t draws) {
    const std::uint64_t shown = std::min<std::uint64_t>(segments, 2 * (std::uint64_t{draws} + 1));
    return state_bytes(model).value_or(0) * (segments + shown);
}

RoomNeeded room_needed(std::string_view model, std::uint32_t epochs, std::uint64_t dataset_bytes, std::uint32_t draws) {
    const Result<Preset> preset = find_preset(model);
    const std::uint64_t states =
        preset ? states_bytes(model, segment_count_max(*preset, dataset_bytes, epochs), draws) : 0;
    return {(1 + token_bytes_per_dataset_byte) * dataset_bytes + states, states};
}

}  // namespace emeth::trainer_protocol
