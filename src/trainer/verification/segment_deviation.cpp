#include "trainer/verification/segment_deviation.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "trainer/model/optimiser.hpp"

namespace emeth::trainer {
namespace {

// docs/VERIFICATION.md says what was measured.
constexpr Deviation usual_of_float32{.weights = 0.02,
                                     .weighted_weights = 0.002,
                                     .first_moments = 0.005,
                                     .second_moments = 0.002,
                                     .next_step = 0.03,
                                     .loss = 1e-5};
constexpr Deviation usual_of_bf16{.weights = 0.1,
                                  .weighted_weights = 0.03,
                                  .first_moments = 0.05,
                                  .second_moments = 0.03,
                                  .next_step = 0.1,
                                  .loss = 1e-3};
/// Where rounding decides all, two honest runs have nothing in common but where they came from. What was not trained at
/// all is still farther away: its weights differ by 1.
constexpr Deviation most_ever{
    .weights = 0.95, .weighted_weights = 1.2, .first_moments = 6, .second_moments = 3, .next_step = 6, .loss = 0.05};
/// Honest work against the distance of the two replays.
constexpr double times_twin = 3;
/// A unit in the last place of float32, and a quarter of one of bfloat16: few results round otherwise.
constexpr double rounding_of_float32 = 0x1p-23, rounding_of_bf16 = 0x1p-10;

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

double worst_loss(std::span<const float> claimed, std::span<const float> again) {
    double worst = 0;
    for (std::size_t i = 0; i < again.size(); ++i) {
        const double loss = again[i];
        worst = std::max(worst, relative_to_loss(static_cast<double>(claimed[i]) - loss, loss));
    }
    return worst;
}

}  // namespace

double relative_to_loss(double difference, double loss) {
    return std::abs(difference) / std::max(loss, loss_floor);
}

Deviation deviation(const SegmentEnd& claimed, const SegmentEnd& again, const at::Tensor& start) {
    const at::Tensor root = again.state->second_moments.sqrt();
    const at::Tensor way = again.weights - start;
    Deviation found;
    found.weights = relative(claimed.weights, again.weights, way);
    found.weighted_weights = relative(claimed.weights * root, again.weights * root, way * root);
    found.loss = worst_loss(claimed.losses, again.losses);
    if (claimed.state == nullptr) return found;
    const at::Tensor next = direction(*again.state);
    found.first_moments =
        relative(claimed.state->first_moments, again.state->first_moments, again.state->first_moments);
    found.second_moments = relative(claimed.state->second_moments.sqrt(), root, root);
    found.next_step = relative(direction(*claimed.state), next, next);
    return found;
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

bool is_of_this_hardware(const ComputeHistory& history, std::uint32_t segment, const ComputeRecord& own) {
    return std::ranges::all_of(history.segments.at(segment),
                               [&](std::uint32_t place) { return history.records[place].same_hardware(own); });
}

Exactness exactness(const ComputeHistory& history, std::uint32_t segment, const ComputeRecord& own) {
    const bool other_device = std::ranges::any_of(
        history.segments.at(segment), [&](std::uint32_t place) { return history.records[place].device != own.device; });
    return other_device || history.precision(segment) == Precision::bf16 ? Exactness::bf16 : Exactness::float32;
}

const Deviation& usual_deviation(Exactness exactness) {
    return exactness == Exactness::bf16 ? usual_of_bf16 : usual_of_float32;
}

TrainingState rounded_otherwise(const TrainingState& state, Exactness exactness) {
    constexpr std::uint64_t seed = 0x5e1f;
    const double rounding = exactness == Exactness::bf16 ? rounding_of_bf16 : rounding_of_float32;
    TrainingState twin = state.copy();
    const at::Tensor shares =
        at::empty_like(twin.weights).uniform_(-rounding, rounding, at::make_generator<at::CPUGeneratorImpl>(seed));
    twin.weights.addcmul_(twin.weights, shares);
    return twin;
}

Deviation allowed_deviation(Exactness exactness, const Deviation& twin) {
    const Deviation& usual = usual_deviation(exactness);
    const auto allow = [&](double Deviation::* part) {
        // NaN allows no more than usual.
        const double amplified = times_twin * (twin.*part);
        return amplified > usual.*part ? std::min(amplified, most_ever.*part) : usual.*part;
    };
    return {.weights = allow(&Deviation::weights),
            .weighted_weights = allow(&Deviation::weighted_weights),
            .first_moments = allow(&Deviation::first_moments),
            .second_moments = allow(&Deviation::second_moments),
            .next_step = allow(&Deviation::next_step),
            .loss = allow(&Deviation::loss)};
}

Objection object_to_deviation(std::uint32_t segment, const Deviation& found, const Deviation& allowed) {
    // Written so that NaN is an objection as well.
    if (!(found.loss <= allowed.loss))
        return fmt::format(
            "segment {} trained again gives other losses than training_log.jsonl: {:.3g} apart, relative", segment,
            found.loss);
    if (!(found.weights <= allowed.weights && found.weighted_weights <= allowed.weighted_weights))
        return fmt::format(
            "segment {} trained again ends elsewhere: {:.3g} ({:.3g} weighted) of the way that its "
            "weights went",
            segment, found.weights, found.weighted_weights);
    if (!(found.first_moments <= allowed.first_moments && found.second_moments <= allowed.second_moments &&
          found.next_step <= allowed.next_step))
        return fmt::format(
            "segment {} trained again ends with other moments: {:.3g}, {:.3g} and {:.3g} apart, relative", segment,
            found.first_moments, found.second_moments, found.next_step);
    return std::nullopt;
}

}  // namespace emeth::trainer
