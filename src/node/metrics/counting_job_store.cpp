#include "node/metrics/counting_job_store.hpp"

#include <algorithm>
#include <variant>

#include "chain/amount.hpp"
#include "node/money/income.hpp"
#include "statemachine/delivery.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;

double seconds_between(std::int64_t from_unix_ms, std::int64_t to_unix_ms) {
    return static_cast<double>(std::max<std::int64_t>(0, to_unix_ms - from_unix_ms)) / 1'000;
}

void count_change(JobTally& tally, const sm::Job& before, const sm::Event& event, const sm::Job& after) {
    if (before.state == after.state) return;
    ++tally.transitions[{before.state, after.state}];
    const auto [stays, is_new] = tally.stays_s.try_emplace(before.state, JobTally::stay_bounds_s);
    stays->second.observe(seconds_between(before.entered_at_unix_ms, event.at_unix_ms));
    if (!sm::is_end(after.state)) return;
    DayOfIncome brought;
    add(brought, after);
    tally.earned_emt += chain::approximate_coins(brought.fees);
    tally.lost_emt += chain::approximate_coins(brought.penalties);
}

void count_bytes(JobTally& tally, const sm::Event& event, const sm::Job& after) {
    if (const auto* dataset = std::get_if<sm::DatasetReady>(&event.body)) tally.dataset_bytes += dataset->bytes;
    if (!std::holds_alternative<sm::UploadCompleted>(event.body)) return;
    if (sm::awaits_verdict(after.state))
        tally.evidence_bytes += after.evidence.file ? after.evidence.file->bytes : 0;
    else
        tally.artifact_bytes += after.training.artifact ? after.training.artifact->bytes : 0;
}

}  // namespace

void count(JobTally& tally, const sm::Job& before, const sm::Event& event, const sm::Job& after) {
    count_change(tally, before, event, after);
    count_bytes(tally, event, after);
    if (const auto* failed = std::get_if<sm::StepFailed>(&event.body)) ++tally.failures[failed->failure];
    if (std::holds_alternative<sm::CheckpointSaved>(event.body))
        tally.checkpoints_unix_ms[after.terms.id] = event.at_unix_ms;
    if (after.state != sm::State::training || after.training.artifact) tally.checkpoints_unix_ms.erase(after.terms.id);
}

JobTally CountingJobStore::tally() const {
    const std::lock_guard lock(mutex_);
    return tally_;
}

Result<sm::Job> CountingJobStore::create(const sm::Discovered& discovered, std::int64_t at_unix_ms) {
    Result<sm::Job> created = inner_.create(discovered, at_unix_ms);
    if (created.has_error()) return created;
    const std::lock_guard lock(mutex_);
    ++tally_.discovered;
    return created;
}

Result<storage::JobStore::Applied> CountingJobStore::apply(const sm::Job& job, const sm::Event& event,
                                                           const storage::SideWrites& side) {
    Result<Applied> applied = inner_.apply(job, event, side);
    if (applied.has_error() || applied->rejection) return applied;
    const std::lock_guard lock(mutex_);
    count(tally_, job, event, applied->job);
    return applied;
}

}  // namespace emeth::node
