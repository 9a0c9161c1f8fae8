// The models that a network trains: the one table of them. A preset is a row in presets.cpp; everything else about it
// is computed from the row. Nodes and verifiers must agree on every number, so a preset that JOBs have been trained
// with is never changed: a new one gets a new name.
//
//   const Result<Preset> preset = find_preset("nano");
//   if (preset.has_error()) return preset.error();  // permanent; lists the presets
//   const std::uint64_t disk = segments * preset->state_bytes();
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/result.hpp"

namespace emeth::trainer_protocol {

/// A GPT-2 of this shape, and how it is trained.
struct Preset {
    std::string_view name;

    std::int64_t width;  ///< of the residual stream
    std::int64_t layers;
    std::int64_t heads;
    std::int64_t context;     ///< tokens per window
    std::int64_t vocabulary;  ///< pieces; rows of the embedding

    std::int64_t sequences_per_step;       ///< of an optimiser step, at most; small datasets take fewer
    double learning_rate;                  ///< at the end of the warm-up
    std::uint64_t tokenizer_sample_bytes;  ///< of the dataset that the tokenizer is trained on, at most
    std::uint64_t validation_windows_max;
    /// Segments of a run of steps enough (segments.hpp): many where a state is small and training so quick that a check
    /// of three of them would cost much beside it.
    std::uint32_t segments_wanted;
    double bytes_per_token;  ///< of ordinary text, a little less than of English; for estimates only
    bool bf16_pays;          ///< whether matrices are wide enough for bf16 to be the faster type

    [[nodiscard]] std::int64_t head_width() const { return width / heads; }
    /// Of the whole model; the output head is the token embedding and counts once.
    [[nodiscard]] std::uint64_t weight_count() const;
    /// Floating-point operations of one token, forward and backward: 6 for each matrix weight, those of the output head
    /// included, and the attention's products. What an implementation computes twice does not count.
    [[nodiscard]] double flops_per_token() const;
    /// Of a state that verification can train on from: a header, the weights and the two moments of each.
    [[nodiscard]] std::uint64_t state_bytes() const;
};

/// In front of the weights of a state (trainer/checkpoints/segment_states.hpp).
inline constexpr std::uint64_t state_header_bytes = 56;

std::span<const Preset> presets();
/// The Error is permanent, names the model and lists the presets.
Result<Preset> find_preset(std::string_view name);
/// For messages: "one of nano, d256, …".
std::string preset_choice();

/// Lower-case letters, digits and '-': what may be compared, recorded and shown. Another version of this program may
/// know a preset of that name that this one does not.
bool is_preset_name(std::string_view text);

}  // namespace emeth::trainer_protocol
