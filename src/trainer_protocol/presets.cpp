#include "trainer_protocol/presets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "runtime/redaction.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::trainer_protocol {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;
constexpr std::uint64_t bytes_per_weight = 3 * sizeof(float);  // the weight and its two moments

constexpr std::array table{
    Preset{.name = "nano",
           .width = 64,
           .layers = 2,
           .heads = 4,
           .context = 64,
           .vocabulary = 1'024,
           .sequences_per_step = 16,
           .learning_rate = 6e-3,
           .tokenizer_sample_bytes = mebibyte / 16,
           .validation_windows_max = 64,
           .segments_wanted = 128,
           .bytes_per_token = 2.5,
           .bf16_pays = false},
    Preset{.name = "d256",
           .width = 256,
           .layers = 4,
           .heads = 4,
           .context = 128,
           .vocabulary = 4'096,
           .sequences_per_step = 64,
           .learning_rate = 2e-3,
           .tokenizer_sample_bytes = 4 * mebibyte,
           .validation_windows_max = 256,
           .segments_wanted = segments_min,
           .bytes_per_token = 3.5,
           .bf16_pays = true},
    Preset{.name = "d512",
           .width = 512,
           .layers = 8,
           .heads = 8,
           .context = 256,
           .vocabulary = 8'192,
           .sequences_per_step = 64,
           .learning_rate = 1e-3,
           .tokenizer_sample_bytes = 8 * mebibyte,
           .validation_windows_max = 256,
           .segments_wanted = segments_min,
           .bytes_per_token = 3.7,
           .bf16_pays = true},
    Preset{.name = "gpt2",
           .width = 768,
           .layers = 12,
           .heads = 12,
           .context = 256,
           .vocabulary = 50'304,
           .sequences_per_step = 128,
           .learning_rate = 6e-4,
           .tokenizer_sample_bytes = 16 * mebibyte,
           .validation_windows_max = 128,
           .segments_wanted = segments_min,
           .bytes_per_token = 3.7,
           .bf16_pays = true},
    Preset{.name = "gpt2-1024",
           .width = 768,
           .layers = 12,
           .heads = 12,
           .context = 1'024,
           .vocabulary = 50'304,
           .sequences_per_step = 64,
           .learning_rate = 6e-4,
           .tokenizer_sample_bytes = 16 * mebibyte,
           .validation_windows_max = 32,
           .segments_wanted = segments_min,
           .bytes_per_token = 3.7,
           .bf16_pays = true},
    Preset{.name = "gpt2-medium",
           .width = 1'024,
           .layers = 24,
           .heads = 16,
           .context = 1'024,
           .vocabulary = 50'304,
           .sequences_per_step = 64,
           .learning_rate = 3e-4,
           .tokenizer_sample_bytes = 16 * mebibyte,
           .validation_windows_max = 32,
           .segments_wanted = segments_min,
           .bytes_per_token = 3.7,
           .bf16_pays = true},
};

std::string names() {
    std::vector<std::string_view> all;
    for (const Preset& preset : table) all.push_back(preset.name);
    return fmt::format("{}", fmt::join(all, ", "));
}

}  // namespace

/// A layer has four matrices of 12 · width² weights in all, their biases (9 · width) and two norms (4 · width).
std::uint64_t Preset::weight_count() const {
    const std::int64_t embeddings = (vocabulary + context) * width;
    const std::int64_t layer = 12 * width * width + 13 * width;
    const std::int64_t last_norm = 2 * width;
    return static_cast<std::uint64_t>(embeddings + layers * layer + last_norm);
}

double Preset::flops_per_token() const {
    const std::int64_t matrices = layers * 12 * width * width + vocabulary * width;
    return static_cast<double>(6 * matrices + 12 * layers * context * width);
}

std::uint64_t Preset::state_bytes() const {
    return state_header_bytes + bytes_per_weight * weight_count();
}

std::span<const Preset> presets() {
    return table;
}

Result<Preset> find_preset(std::string_view name) {
    const auto found = std::ranges::find(table, name, &Preset::name);
    if (found != table.end()) return *found;
    return permanent_error(fmt::format("unknown model '{}'; the presets are {}", redacted(name), names()));
}

std::string preset_choice() {
    return "one of " + names();
}

bool is_preset_name(std::string_view text) {
    return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

}  // namespace emeth::trainer_protocol
