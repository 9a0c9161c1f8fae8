#include "node/pipeline/crash_account.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "node/pipeline/attempts.hpp"
#include "node/pipeline/job_journal.hpp"
#include "runtime/child_process.hpp"
#include "runtime/log.hpp"
#include "runtime/subject_log.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;

/// The marker refers to the JOB's history as it stood before the crash; entries of this class are written only when the
/// master starts.
bool is_counted(const std::vector<storage::HistoryEntry>& history, const crash::Crash& crash) {
    return std::any_of(history.rbegin(), history.rend(), [&](const storage::HistoryEntry& entry) {
        const auto* failed = std::get_if<sm::StepFailed>(&entry.event.body);
        return entry.sequence > crash.position && failed != nullptr && failed->failure == sm::FailureClass::bug;
    });
}

}  // namespace

Milliseconds poison_wait(std::int64_t seconds_left) {
    const std::int64_t longest_s = poison_wait_max.count() / 1'000;
    const Milliseconds quarter(std::clamp<std::int64_t>(seconds_left / 4, 0, longest_s) * 1'000);
    return std::max(quarter, poison_wait_min);
}

Result<void> count_crash(storage::JobStore& store, const crash::Crash& crash, std::int64_t now_unix_ms,
                         std::int64_t chain_now_unix_s) {
    const std::string end = "the master ended itself by " + ChildEnd{0, crash.signal}.describe();
    const auto id = JobId::parse(crash.work);
    if (!id) {
        spdlog::error("{}, at work on no JOB: a bug; the lines before its end say more", end);
        return {};
    }
    const auto job = store.find(*id);
    if (job.has_error()) return job.error();
    if (!*job || sm::is_end((*job)->state)) return {};
    const auto history = store.history(*id);
    if (history.has_error()) return history.error();
    if (is_counted(*history, crash)) return {};

    const bool is_one_too_many = (*job)->retry.crashes + 1 >= poison_crashes;
    const Milliseconds wait =
        is_one_too_many ? poison_wait((*job)->terms.deadline_unix_s - chain_now_unix_s) : Milliseconds::zero();
    sm::StepFailed failed{sm::FailureClass::bug, crash.step, end, Attempts(*history).failures() + 1,
                          now_unix_ms + wait.count()};
    const auto applied = store.apply(**job, sm::Event{now_unix_ms, std::move(failed)});
    if (applied.has_error()) return applied.error();
    log_of(*id).error("{}, at its {}: a bug; crash {} in a row without progress", end, crash.step,
                      applied->job.retry.crashes);
    return {};
}

}  // namespace emeth::node
