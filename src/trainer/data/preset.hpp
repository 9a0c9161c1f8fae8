// What a model name of the network stands for. Node and verifier must agree on every number here: a preset that JOBs
// have been trained with is never changed, a new one gets a new name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/result.hpp"

namespace emeth::trainer {

struct Preset {
    std::string_view name;

    std::int64_t width;  ///< of the residual stream
    std::int64_t layers;
    std::int64_t heads;
    std::int64_t context;     ///< tokens a window
    std::int64_t vocabulary;  ///< pieces; rows of the embedding

    std::int64_t sequences_per_step;       ///< of an optimiser step, at most; small datasets take fewer (plan.hpp)
    double learning_rate;                  ///< at the end of the warm-up
    std::uint64_t tokenizer_sample_bytes;  ///< of the dataset that the tokenizer is trained on, at most
    std::uint64_t validation_windows_max;
    bool bf16_pays;  ///< whether matrices are wide enough for bf16 to be the faster type

    [[nodiscard]] std::int64_t head_width() const { return width / heads; }
};

/// The same for all presets.
struct OptimiserSettings {
    double beta1 = 0.9;
    double beta2 = 0.95;
    double epsilon = 1e-8;
    double weight_decay = 0.1;       ///< on matrices, not on biases and norms
    double gradient_norm_max = 1.0;  ///< a longer gradient is scaled down to this
    double warm_up_share = 0.05;     ///< of all steps
    double final_share = 0.05;       ///< of the learning rate, at the end of the cosine
};
inline constexpr OptimiserSettings optimiser_settings;

/// A permanent Error that lists the presets there are.
Result<Preset> find_preset(std::string_view name);

/// Linear warm-up, then a cosine. `step` counts from 0.
double learning_rate_at(const Preset& preset, std::uint64_t step, std::uint64_t steps_total);

}  // namespace emeth::trainer
