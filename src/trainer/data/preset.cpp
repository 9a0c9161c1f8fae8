#include "trainer/data/preset.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace emeth::trainer {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

constexpr std::array<Preset, 4> presets{{
    {.name = "nano",
     .width = 64,
     .layers = 2,
     .heads = 4,
     .context = 64,
     .vocabulary = 1'024,
     .sequences_per_step = 16,
     .learning_rate = 6e-3,
     .tokenizer_sample_bytes = mebibyte / 2,
     .validation_windows_max = 256,
     .bf16_pays = false},
    {.name = "d256",
     .width = 256,
     .layers = 4,
     .heads = 4,
     .context = 128,
     .vocabulary = 4'096,
     .sequences_per_step = 64,
     .learning_rate = 2e-3,
     .tokenizer_sample_bytes = 4 * mebibyte,
     .validation_windows_max = 256,
     .bf16_pays = true},
    {.name = "d512",
     .width = 512,
     .layers = 8,
     .heads = 8,
     .context = 256,
     .vocabulary = 8'192,
     .sequences_per_step = 64,
     .learning_rate = 1e-3,
     .tokenizer_sample_bytes = 8 * mebibyte,
     .validation_windows_max = 256,
     .bf16_pays = true},
    {.name = "gpt2",
     .width = 768,
     .layers = 12,
     .heads = 12,
     .context = 256,
     .vocabulary = 50'304,
     .sequences_per_step = 128,
     .learning_rate = 6e-4,
     .tokenizer_sample_bytes = 16 * mebibyte,
     .validation_windows_max = 128,
     .bf16_pays = true},
}};

}  // namespace

Result<Preset> find_preset(std::string_view name) {
    std::vector<std::string_view> names;
    for (const Preset& preset : presets) {
        if (preset.name == name) return preset;
        names.push_back(preset.name);
    }
    return permanent_error(fmt::format("unknown model '{}'; the presets are {}", name, fmt::join(names, ", ")));
}

double learning_rate_at(const Preset& preset, std::uint64_t step, std::uint64_t steps_total) {
    const auto total = static_cast<double>(steps_total);
    const double position = static_cast<double>(step) + 1;
    const double warm_up = std::max(1.0, std::floor(total * optimiser_settings.warm_up_share));
    if (position <= warm_up) return preset.learning_rate * position / warm_up;
    const double progress = (position - warm_up) / std::max(1.0, total - warm_up);
    const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * progress));
    return preset.learning_rate * (optimiser_settings.final_share + (1 - optimiser_settings.final_share) * cosine);
}

}  // namespace emeth::trainer
