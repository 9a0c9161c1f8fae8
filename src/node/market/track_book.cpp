#include "node/market/track_book.hpp"

#include <algorithm>
#include <utility>

#include "node/market/finish_estimate.hpp"
#include "runtime/log.hpp"
#include "runtime/subject_log.hpp"

namespace emeth::node {

namespace sm = statemachine;

std::optional<double> seconds_taken(const std::vector<storage::HistoryEntry>& history) {
    std::optional<std::int64_t> begin, end;
    for (const storage::HistoryEntry& entry : history) {
        if (entry.rejection) continue;
        if (!begin && std::holds_alternative<sm::LeaseGranted>(entry.event.body)) begin = entry.event.at_unix_ms;
        if (std::holds_alternative<sm::SubmitConfirmed>(entry.event.body)) end = entry.event.at_unix_ms;
    }
    if (!begin || !end || *end <= *begin) return std::nullopt;
    return static_cast<double>(*end - *begin) / 1'000;
}

std::optional<EndedJob::Result> result_of(const sm::Job& ended) {
    if (ended.deposit.deposit.is_zero()) return std::nullopt;
    if (ended.state == sm::State::verified) return EndedJob::Result::verified;
    if (ended.state == sm::State::failed) return EndedJob::Result::rejected;
    if (ended.outcome.decline_reason == declined_by_operator) return std::nullopt;
    return EndedJob::Result::missed;
}

/// Its own files may fill the disk still: whether there is room says nothing here.
std::optional<double> TrackBook::estimate_s(const sm::Job& job) const {
    const auto work = workload_of(job.terms, rules_);
    if (work.has_error()) return std::nullopt;
    const std::vector<WorkerInfo> workers = ports_.workers.workers();
    const auto worker = std::ranges::find(workers, job.lease.worker, &WorkerInfo::address);
    if (worker == workers.end() || why_unfit(worker->fitness, work->model)) return std::nullopt;
    return static_cast<double>(finish_estimate_s(*work, *worker, job.terms.team));
}

void TrackBook::ended(const sm::Job& job) {
    const auto result = result_of(job);
    if (!result || reported_.size() >= reported_max) return;
    reported_.push_back({job.terms.id, {job.entered_at_unix_ms / 1'000, *result, 0}, estimate_s(job)});
    wakeup_.notify();
}

Task<> TrackBook::run() {
    for (std::uint32_t failures = 0;;) {
        const Result<void> restored = co_await restore();
        if (restored.has_value()) break;
        if (failures++ == 0)
            spdlog::warn("how earlier JOBs went cannot be read: {}; will retry", restored.error().message);
        co_await ports_.clock.sleep(backoff(failures, restore_policy, ports_.random.unit()));
    }
    for (;; co_await wakeup_.wait()) {
        for (Ended& ended : std::exchange(reported_, {})) {
            const JobId id = ended.id;
            auto adding = add_ended(std::move(ended));
            const Result<void> added = co_await std::move(adding);
            if (added.has_error()) log_of(id).warn("how it went is not noted: {}", added.error().message);
        }
    }
}

Task<Result<void>> TrackBook::restore() {
    auto read = [this] { return ports_.notes.cursor(cursor); };
    const Result<std::optional<std::string>> note = co_await ports_.pool.run(std::move(read));
    if (note.has_error()) co_return note.error();
    if (!*note) co_return Result<void>{};
    Result<TrackRecord> record = read_track_record(**note);
    if (record.has_error())
        spdlog::warn("{}; it begins anew", record.error().message);
    else
        record_ = *std::move(record);
    co_return Result<void>{};
}

Task<Result<void>> TrackBook::add_ended(Ended ended) {
    auto read = [this, id = ended.id] { return ports_.jobs.history(id); };
    const Result<std::vector<storage::HistoryEntry>> history = co_await ports_.pool.run(std::move(read));
    if (history.has_error()) co_return history.error();
    const std::optional<double> seconds = seconds_taken(*history);
    if (seconds && ended.estimate_s && *ended.estimate_s > 0) ended.entry.finish_ratio = *seconds / *ended.estimate_s;
    add(record_, ended.entry);
    auto write = [this, text = to_text(record_)] { return ports_.notes.set_cursor(cursor, text); };
    co_return co_await ports_.pool.run(std::move(write));
}

}  // namespace emeth::node
