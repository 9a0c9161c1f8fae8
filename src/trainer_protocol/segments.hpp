// Commit, then draw: how a training run is cut into segments, which of them must be shown once the result is submitted,
// and how the evidence for them is stored. Node, worker, trainer and verifier all follow these rules.
//
// A run of `steps` optimiser steps has segment_count() segments and one state more: state k is where segment k begins,
// the last state is the end of training. The manifest, which the artifact's digest fixes before submit, lists the
// digest of every state. The hash of the block that holds the submit, which nobody knew before, then draws segments;
// the states where these begin and end are the evidence, from which the verifier retrains them.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "statemachine/types.hpp"
#include "trainer_protocol/network_rules.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer_protocol {

/// The largest of segments_min, segments_per_epoch_min per epoch, as many as have at most segment_steps_max steps, and
/// as many, up to the preset's segments_wanted, as have at least 8; but at most segments_max, and never more than there
/// are steps. A model that this program does not know wants segments_min. Both numbers > 0.
std::uint32_t segment_count(std::string_view model, std::uint64_t steps, std::uint32_t epochs);
/// The most segments of any run of these epochs (> 0) over so many bytes, whatever a tokenizer makes of them.
std::uint32_t segment_count_max(const Preset& preset, std::uint64_t dataset_bytes, std::uint32_t epochs);

/// Steps done at state `index`, 0 to `segments`: floor(steps · index / segments).
std::uint64_t step_of_state(std::uint32_t index, std::uint32_t segments, std::uint64_t steps);

/// Segment 0 and `draws` others (all, where there are no more), in ascending order. The others come from the words
///   w(i) = first 8 bytes, big-endian, of SHA-256("emeth/draw/1/<JOB id>/<block hash>/<i>"),  i = 0, 1, 2, …
/// (id and hash in lower-case hex with 0x): w(i) below the largest multiple of n = segments − 1 that fits into 64 bits
/// draws segment 1 + w(i) mod n, unless it has been drawn already; any other w(i) is skipped.
std::vector<std::uint32_t> draw_segments(const JobId& job, const Hash256& block_hash, std::uint32_t segments,
                                         std::uint32_t draws);

/// The states that the evidence for the drawn segments holds, ascending: where each begins and where it ends. The last
/// state is left out, because the artifact's weights show it.
std::vector<std::uint32_t> states_to_show(const std::vector<std::uint32_t>& drawn, std::uint32_t segments);

/// A trainer's file of one state, below the JOB's folder: its content (trainer/checkpoints/segment_states.hpp),
/// followed by the SHA-256 of the content, which is what the manifest lists.
std::filesystem::path state_file(const std::filesystem::path& folder, std::uint32_t index);

/// Evidence consists of this text, the hash of the block that drew, and the contents of states_to_show() one after the
/// other. All have the same size, which the preset fixes, so nothing in it must be parsed.
inline constexpr std::string_view evidence_magic = "EMEVID01";
inline constexpr std::uint64_t evidence_header_bytes = evidence_magic.size() + Hash256::size_bytes;
std::array<std::uint8_t, evidence_header_bytes> evidence_header(const Hash256& block_hash);

/// Bytes of one state of a preset; none: this program knows no such preset.
std::optional<std::uint64_t> state_bytes(std::string_view model);
/// What the states of a run, and the evidence made of them, take on the worker's disk until the verdict. 0 for an
/// unknown preset.
std::uint64_t states_bytes(std::string_view model, std::uint32_t segments, std::uint32_t draws);

/// What a JOB takes at most of its worker until the verdict: of ordinary text hardly half as much, which nobody knows
/// before its bytes are tokens. Checkpoints and the artifact come out of the worker's reserve.
struct RoomNeeded {
    std::uint64_t disk_bytes = 0;    ///< the dataset, its tokens, and the states
    std::uint64_t states_bytes = 0;  ///< those alone, which also count against model_cached_size
};
RoomNeeded room_needed(std::string_view model, std::uint32_t epochs, std::uint64_t dataset_bytes, std::uint32_t draws);

}  // namespace emeth::trainer_protocol
