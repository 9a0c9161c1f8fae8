#include "node/pipeline/finish_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chain/amount.hpp"
#include "statemachine/text.hpp"

namespace emeth::node {

std::optional<std::string> reason_to_decline(const Outlook& outlook) {
    const std::int64_t left = outlook.deadline_unix_s - outlook.now_unix_s;
    if (outlook.work_left_s <= left) return std::nullopt;
    if (outlook.timeout_penalty < outlook.decline_penalty) return std::nullopt;
    const bool late_submit_may_count = outlook.work_left_s <= left + outlook.verifier_lag_s;
    if (outlook.timeout_penalty == outlook.decline_penalty && (outlook.trained || late_submit_may_count))
        return std::nullopt;
    const auto time =
        left >= 0 ? duration_text(left) + " are left" : "the deadline passed " + duration_text(-left) + " ago";
    return fmt::format(
        "it needs {} more at the best speed seen and {}: to decline costs {} EMT, to wait for the timeout {} EMT",
        duration_text(outlook.work_left_s), time, chain::format_coins(outlook.decline_penalty),
        chain::format_coins(outlook.timeout_penalty));
}

std::optional<std::string> FinishWatch::look(const statemachine::Job& job,
                                             const std::optional<worker_protocol::Progress>& progress,
                                             std::int64_t chain_now_unix_s, Milliseconds now) {
    if (progress) measure(*progress, now);
    Outlook outlook;
    outlook.now_unix_s = chain_now_unix_s;
    outlook.deadline_unix_s = job.terms.deadline_unix_s;
    outlook.work_left_s = work_left_s(job, progress);
    outlook.trained = job.training.artifact.has_value();
    outlook.verifier_lag_s = rules_.verifier_lag_s;
    outlook.decline_penalty = chain::rate_of(job.deposit.deposit, rules_.decline_penalty_rate);
    outlook.timeout_penalty = chain::rate_of(job.deposit.deposit, rules_.timeout_penalty_rate);
    auto reason = reason_to_decline(outlook);
    if (!reason) {
        hopeless_since_.reset();
        return std::nullopt;
    }
    if (!hopeless_since_) hopeless_since_ = now;
    if (now - *hopeless_since_ < patience) return std::nullopt;
    return reason;
}

/// A trainer that fell back to its checkpoint starts a new window.
void FinishWatch::measure(const worker_protocol::Progress& progress, Milliseconds now) {
    if (progress.steps_total == 0) return;
    if (!window_begin_ || progress.step < window_step_) {
        window_begin_ = now;
        window_step_ = progress.step;
        return;
    }
    if (now - *window_begin_ < window) return;
    const double seconds = static_cast<double>((now - *window_begin_).count()) / 1'000;
    best_steps_per_s_ = std::max(best_steps_per_s_, static_cast<double>(progress.step - window_step_) / seconds);
    window_begin_ = now;
    window_step_ = progress.step;
}

std::int64_t FinishWatch::work_left_s(const statemachine::Job& job,
                                      const std::optional<worker_protocol::Progress>& progress) const {
    if (job.training.artifact || best_steps_per_s_ <= 0) return 0;
    std::uint64_t done = job.training.checkpoint ? job.training.checkpoint->step : 0;
    if (progress) done = std::max(done, progress->step);
    const std::uint64_t total = job.dataset.steps_total;
    return done >= total ? 0 : static_cast<std::int64_t>(static_cast<double>(total - done) / best_steps_per_s_);
}

}  // namespace emeth::node
