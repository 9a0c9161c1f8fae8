#include "node/pipeline/finish_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chain/amount.hpp"
#include "node/market/finish_estimate.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {
namespace {

/// Only training is measured in steps of the JOB: tokenising, for one, counts its progress in thousandths.
bool counts_steps(const std::optional<SeenProgress>& progress) {
    return progress && progress->report.stage == "training" && progress->report.steps_total > 0;
}

std::int64_t left_of(const Outlook& outlook) {
    return outlook.deadline_unix_s - outlook.now_unix_s;
}

}  // namespace

std::optional<std::string> reason_to_decline(const Outlook& outlook) {
    const std::int64_t left = left_of(outlook);
    if (outlook.work_left_s <= left && !outlook.hopeless) return std::nullopt;
    if (outlook.timeout_penalty < outlook.decline_penalty) return std::nullopt;
    const std::string costs =
        fmt::format("to decline costs {} EMT, to wait for the timeout {} EMT",
                    chain::format_coins(outlook.decline_penalty), chain::format_coins(outlook.timeout_penalty));
    if (outlook.hopeless) return fmt::format("{}; {}", *outlook.hopeless, costs);
    const bool late_submit_may_count = outlook.work_left_s <= left + outlook.verifier_lag_s;
    if (outlook.timeout_penalty == outlook.decline_penalty && (outlook.trained || late_submit_may_count))
        return std::nullopt;
    const auto time =
        left >= 0 ? duration_text(left) + " are left" : "the deadline passed " + duration_text(-left) + " ago";
    return fmt::format("it needs {} more at the best speed seen and {}: {}", duration_text(outlook.work_left_s), time,
                       costs);
}

std::optional<std::string> danger_of(const Outlook& outlook) {
    constexpr std::int64_t margin_s = 300;
    const std::int64_t left = left_of(outlook);
    const bool is_measured = outlook.work_left_s > 0;
    if (outlook.work_left_s + outlook.work_left_s / 10 + margin_s <= left) return std::nullopt;
    const auto deadline = left >= 0 ? "the deadline is in " + duration_text(left)
                                    : "the deadline passed " + duration_text(-left) + " ago";
    if (outlook.trained) return deadline + ", and the result is not submitted yet";
    if (!is_measured) return deadline + ", and no step of training has been measured: there is no finish estimate";
    return fmt::format("{}, and by the best speed seen it needs {} more", deadline, duration_text(outlook.work_left_s));
}

std::optional<std::string> FinishWatch::look(const statemachine::Job& job, Seen seen, Milliseconds now) {
    if (job.lease.number != std::exchange(lease_, job.lease.number)) {
        stretches_ = {};
        best_steps_per_s_ = best_of_one_worker_ = 0;
        fewest_workers_ = workers_measured_ = waits_for_ = 0;
    }
    if (counts_steps(seen.progress)) measure(*seen.progress);
    Outlook outlook;
    outlook.now_unix_s = seen.chain_now_unix_s;
    outlook.deadline_unix_s = job.terms.deadline_unix_s;
    outlook.work_left_s = work_left_s(job, seen, workers_expected(job, seen.workers_at_hand, now));
    outlook.trained = job.training.artifact.has_value();
    // The artifact on record is gone if the JOB begins again from the dataset.
    if (!outlook.trained || job.state == statemachine::State::downloading) outlook.hopeless = std::move(seen.hopeless);
    outlook.verifier_lag_s = rules_.verifier_lag_s;
    outlook.decline_penalty = chain::rate_of(job.deposit.deposit, rules_.decline_penalty_rate);
    outlook.timeout_penalty = chain::rate_of(job.deposit.deposit, rules_.timeout_penalty_rate);
    outlook_ = outlook;
    auto reason = reason_to_decline(outlook);
    if (!reason) {
        reason_since_.reset();
        return std::nullopt;
    }
    if (!reason_since_) reason_since_ = now;
    const Milliseconds has_to_last =
        outlook.hopeless && outlook.work_left_s <= left_of(outlook) ? hopeless_patience : patience;
    if (now - *reason_since_ < has_to_last) return std::nullopt;
    return reason;
}

void FinishWatch::measure(const SeenProgress& progress) {
    const std::uint32_t workers = std::max(1U, progress.report.workers);
    fewest_workers_ = fewest_workers_ == 0 ? workers : std::min(fewest_workers_, workers);
    const auto speed = stretches_.saw(progress.report.step, progress.step_since);
    if (!speed) return;
    best_steps_per_s_ = std::max(best_steps_per_s_, *speed);
    best_of_one_worker_ = std::max(best_of_one_worker_, *speed / fewest_workers_);
    workers_measured_ = std::max(workers_measured_, fewest_workers_);
    fewest_workers_ = workers;
}

/// Helpers come later than the leader begins: a JOB that a team can finish is not given back because one worker alone
/// could not. But some never come, as through a closed port, and then what was measured counts.
std::uint32_t FinishWatch::workers_expected(const statemachine::Job& job, std::uint32_t at_hand, Milliseconds now) {
    if (at_hand <= workers_measured_ || best_of_one_worker_ <= 0) return workers_measured_;
    if (std::exchange(waits_for_, at_hand) != at_hand) waits_since_ = now;
    const Milliseconds fetching{dataset_estimate_s(job.terms.dataset_bytes) * 1'000};
    return now - waits_since_ < join_patience + fetching ? at_hand : workers_measured_;
}

/// Until all of them have been measured together, they are taken to be as fast as they can be.
double FinishWatch::best_steps_per_s(std::uint32_t workers) const {
    if (workers <= workers_measured_) return best_steps_per_s_;
    return std::max(best_steps_per_s_, best_of_one_worker_ * workers);
}

std::int64_t FinishWatch::work_left_s(const statemachine::Job& job, const Seen& seen, std::uint32_t workers) const {
    const double steps_per_s = best_steps_per_s(workers);
    if (job.training.artifact || steps_per_s <= 0) return 0;
    std::uint64_t done = job.training.checkpoint ? job.training.checkpoint->step : 0;
    if (counts_steps(seen.progress)) done = std::max(done, seen.progress->report.step);
    const std::uint64_t total = job.dataset.steps_total;
    return done >= total ? 0 : static_cast<std::int64_t>(static_cast<double>(total - done) / steps_per_s);
}

}  // namespace emeth::node
