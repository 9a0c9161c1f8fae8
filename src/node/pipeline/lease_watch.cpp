#include "node/pipeline/lease_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "statemachine/text.hpp"

namespace emeth::node {
namespace {

namespace wp = worker_protocol;

/// Two looks of the master must not fall on both sides of the last moment.
constexpr std::int64_t last_moment_s = 300;
/// How often as long as another worker's estimate a JOB may be held.
constexpr std::int64_t estimates_max = 4;

}  // namespace

void LeaseWatch::saw(const wp::ReportBody& body, Milliseconds now) {
    const auto* failed = std::get_if<wp::StepFailed>(&body);
    bool advanced = failed != nullptr && !failed->service_failed;
    if (failed != nullptr) service_fails_ = failed->service_failed;
    if (std::holds_alternative<wp::DatasetReady>(body)) advanced = !std::exchange(has_dataset_, true);
    if (const auto* saved = std::get_if<wp::CheckpointSaved>(&body)) {
        advanced = saved->checkpoint.step > checkpoint_step_;
        checkpoint_step_ = std::max(checkpoint_step_, saved->checkpoint.step);
    }
    // A trainer that fell back, or to the beginning as its checkpoints are damaged, saves the same steps again.
    if (const auto* started = std::get_if<wp::TrainingStarted>(&body))
        checkpoint_step_ = std::min(checkpoint_step_, started->step);
    if (std::holds_alternative<wp::Trained>(body)) advanced = !std::exchange(is_trained_, true);
    if (const auto* put = std::get_if<wp::PartUploaded>(&body)) advanced = parts_.insert(put->part).second;
    if (!advanced) return;
    advanced_at_ = now;
    service_fails_ = false;
}

void LeaseWatch::leave_out(Milliseconds duration) {
    held_since_ += duration;
    advanced_at_ += duration;
}

std::optional<std::string> LeaseWatch::why_over(const FreshStart& other, Milliseconds now) const {
    if (other.estimate_s >= other.time_left_s) return std::nullopt;
    const Milliseconds still = now - advanced_at_;
    const Milliseconds for_dataset(2 * other.dataset_s * 1'000);
    const Milliseconds limit = std::max({patience_, Milliseconds(other.estimate_s * 1'000 / 2), for_dataset});
    const bool could_only_just = other.estimate_s + last_moment_s >= other.time_left_s;
    const bool last_moment = !other.loses_work && still >= std::max(patience_ / 3, for_dataset) && could_only_just;
    const Milliseconds held = now - held_since_;
    if (!is_trained_ && held >= std::max(patience_, Milliseconds(other.estimate_s * 1'000 * estimates_max)))
        return fmt::format("its worker has held it for {} and is not done; another needs {}",
                           duration_text(held.count() / 1'000), duration_text(other.estimate_s));
    if (still < limit && !last_moment) return std::nullopt;
    // The work is done, and another worker could not upload it either.
    if (is_trained_ && service_fails_ && !could_only_just) return std::nullopt;
    if (is_trained_) return fmt::format("its worker has uploaded nothing for {}", duration_text(still.count() / 1'000));
    return fmt::format("its worker has brought neither dataset nor checkpoint for {}",
                       duration_text(still.count() / 1'000));
}

}  // namespace emeth::node
