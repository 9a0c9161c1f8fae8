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
/// The longest upload, in patiences.
constexpr int patiences_for_upload = 4;

}  // namespace

LeaseWatch::LeaseWatch(const statemachine::Job& job, Milliseconds now, Milliseconds patience)
    : LeaseWatch(now, patience) {
    has_dataset_ = job.dataset.lease == job.lease.number;
    if (job.training.checkpoint) checkpoint_step_ = job.training.checkpoint->step;
    if (job.training.artifact) trained_at_ = now;
}

void LeaseWatch::saw(const wp::ReportBody& body, Milliseconds now) {
    const auto* failed = std::get_if<wp::StepFailed>(&body);
    if (trained_at_) {
        if (failed != nullptr) upload_fails_ = true;
        return;
    }
    bool advanced = failed != nullptr && !failed->service_failed;
    if (std::holds_alternative<wp::DatasetReady>(body)) advanced = !std::exchange(has_dataset_, true);
    if (const auto* saved = std::get_if<wp::CheckpointSaved>(&body)) {
        advanced = saved->checkpoint.step > checkpoint_step_;
        checkpoint_step_ = std::max(checkpoint_step_, saved->checkpoint.step);
    }
    // A trainer that fell back, or to the beginning as its checkpoints are damaged, saves the same steps again.
    if (const auto* started = std::get_if<wp::TrainingStarted>(&body))
        checkpoint_step_ = std::min(checkpoint_step_, started->step);
    if (std::holds_alternative<wp::Trained>(body)) {
        advanced = true;
        trained_at_ = now;
    }
    if (advanced) advanced_at_ = now;
}

void LeaseWatch::saw_part(const std::string& upload_id, std::uint32_t part, Milliseconds now) {
    if (upload_id != std::exchange(upload_id_, upload_id)) parts_.clear();
    if (!parts_.insert(part).second) return;
    advanced_at_ = now;
    upload_fails_ = false;
}

void LeaseWatch::leave_out(Milliseconds duration) {
    held_since_ += duration;
    advanced_at_ += duration;
    if (trained_at_) *trained_at_ += duration;
}

std::optional<std::string> LeaseWatch::why_over(const FreshStart& other, Milliseconds now) const {
    if (other.estimate_s >= other.time_left_s) return std::nullopt;
    const Milliseconds still = now - advanced_at_;
    const Milliseconds for_dataset(2 * other.dataset_s * 1'000);
    const Milliseconds limit = std::max({patience_, Milliseconds(other.estimate_s * 1'000 / 2), for_dataset});
    const bool could_only_just = other.estimate_s + last_moment_s >= other.time_left_s;
    if (trained_at_) {
        // The work is done, and another worker could not upload it either.
        if (upload_fails_ && !could_only_just) return std::nullopt;
        const Milliseconds uploading = now - *trained_at_;
        if (still < limit && uploading < patience_ * patiences_for_upload) return std::nullopt;
        return fmt::format("its worker has not uploaded the result for {}, and nothing of it for {}",
                           duration_text(uploading.count() / 1'000), duration_text(still.count() / 1'000));
    }
    const Milliseconds held = now - held_since_;
    if (held >= std::max(patience_, Milliseconds(other.estimate_s * 1'000 * estimates_max)))
        return fmt::format("its worker has held it for {} and is not done; another needs {}",
                           duration_text(held.count() / 1'000), duration_text(other.estimate_s));
    const bool last_moment = !other.loses_work && still >= std::max(patience_ / 3, for_dataset) && could_only_just;
    if (still < limit && !last_moment) return std::nullopt;
    return fmt::format("its worker has brought neither dataset nor checkpoint for {}",
                       duration_text(still.count() / 1'000));
}

}  // namespace emeth::node
