#include "trainer/verification/segment_deviation.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "trainer/model/optimiser.hpp"

namespace emeth::trainer {
namespace {

// How much honest work may differ between CPUs, BLAS builds, thread counts, float32 and bf16; docs/VERIFICATION.md says
// what was seen.
constexpr double weights_tolerance = 0.25;
constexpr double moments_tolerance = 0.25;
constexpr double loss_tolerance = 0.02;

double length_of(const at::Tensor& tensor) {
    return std::sqrt(at::dot(tensor, tensor).item<double>());
}

/// ‖a − b‖ / ‖base‖; infinite where the base is zero and the difference is not.
double relative(const at::Tensor& a, const at::Tensor& b, const at::Tensor& base) {
    const double difference = length_of(a - b);
    return difference == 0 ? 0 : difference / length_of(base);
}

/// The direction of AdamW's next step.
at::Tensor direction(const TrainingState& state) {
    return state.first_moments / (state.second_moments.sqrt() + optimiser_settings.epsilon);
}

}  // namespace

double relative_to_loss(double difference, double loss) {
    return std::abs(difference) / std::max(loss, loss_floor);
}

void add_weights_deviation(const at::Tensor& claimed, const TrainingState& again, const at::Tensor& start,
                           Deviation& deviation) {
    const at::Tensor way = again.weights - start;
    deviation.weights = relative(claimed, again.weights, way);
    const at::Tensor root = again.second_moments.sqrt();
    deviation.weighted_weights = relative(claimed * root, again.weights * root, way * root);
}

void add_moments_deviation(const TrainingState& claimed, const TrainingState& again, Deviation& deviation) {
    deviation.first_moments = relative(claimed.first_moments, again.first_moments, again.first_moments);
    const at::Tensor root = again.second_moments.sqrt();
    deviation.second_moments = relative(claimed.second_moments.sqrt(), root, root);
    const at::Tensor next = direction(again);
    deviation.next_step = relative(direction(claimed), next, next);
}

double loss_deviation(std::span<const float> claimed, std::span<const float> again) {
    double worst = 0;
    for (std::size_t i = 0; i < again.size(); ++i) {
        const double loss = again[i];
        worst = std::max(worst, relative_to_loss(static_cast<double>(claimed[i]) - loss, loss));
    }
    return worst;
}

Deviation worse_of(const Deviation& a, const Deviation& b) {
    constexpr double shown_max = 1e6;
    // NaN counts as the largest.
    const auto larger = [](double x, double y) {
        return x <= shown_max && y <= shown_max ? std::max(x, y) : shown_max;
    };
    return {larger(a.weights, b.weights),
            larger(a.weighted_weights, b.weighted_weights),
            larger(a.first_moments, b.first_moments),
            larger(a.second_moments, b.second_moments),
            larger(a.next_step, b.next_step),
            larger(a.loss, b.loss)};
}

Objection object_to_deviation(std::uint32_t segment, const Deviation& found) {
    // Written so that NaN is an objection as well.
    if (!(found.loss <= loss_tolerance))
        return fmt::format(
            "segment {} trained again gives other losses than training_log.jsonl: {:.3g} apart, relative", segment,
            found.loss);
    if (!(found.weights <= weights_tolerance))
        return fmt::format("segment {} trained again ends elsewhere: {:.3g} of the way that its weights went", segment,
                           found.weights);
    if (!(std::max({found.first_moments, found.second_moments, found.next_step}) <= moments_tolerance))
        return fmt::format(
            "segment {} trained again ends with other moments: {:.3g}, {:.3g} and {:.3g} apart, relative", segment,
            found.first_moments, found.second_moments, found.next_step);
    return std::nullopt;
}

}  // namespace emeth::trainer
