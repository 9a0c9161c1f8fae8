#include "trainer/formats/hyperparameters.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace emeth::trainer {

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
