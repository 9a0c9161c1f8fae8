#include "storage/replay.hpp"

#include <fmt/format.h>

#include "storage/record_codec.hpp"

namespace emeth::storage {

using namespace statemachine;

namespace {

Error differs_at(std::uint64_t sequence, std::string difference) {
    return permanent_error(
        fmt::format("history entry {}: {}: the store is damaged, or was written by an emeth with other "
                    "rules",
                    sequence, difference));
}

Result<Job> replay_first(const HistoryEntry& entry) {
    const auto* discovered = std::get_if<Discovered>(&entry.event.body);
    if (discovered == nullptr || entry.sequence != 1 || entry.rejection) {
        return differs_at(entry.sequence, fmt::format("a history begins with Discovered as entry 1, not with {}",
                                                      name(entry.event.body)));
    }
    return discover(*discovered, entry.event.at_unix_ms).next;
}

/// The record after `entry`, which must have the same effect as when it was written.
Result<Job> replay_next(const Job& job, const HistoryEntry& entry) {
    if (entry.sequence != job.sequence + 1) {
        return differs_at(entry.sequence, fmt::format("entry {} should follow", job.sequence + 1));
    }
    if (entry.from != job.state) {
        return differs_at(entry.sequence, fmt::format("it was applied in state {}, the replay is in state {}",
                                                      name(entry.from), name(job.state)));
    }
    TransitionResult outcome = transition(job, entry.event);
    if (const auto* refused = std::get_if<Rejection>(&outcome)) {
        if (entry.rejection && entry.rejection->kind == refused->kind) return job;
        return differs_at(entry.sequence, fmt::format("the replay rejects it ({})", refused->reason));
    }
    Job next = std::get<Transition>(std::move(outcome)).next;
    if (entry.rejection) {
        return differs_at(entry.sequence,
                          fmt::format("it was rejected ({}), the replay accepts it", entry.rejection->reason));
    }
    if (next.state != entry.to) {
        return differs_at(entry.sequence,
                          fmt::format("it led to state {}, in the replay to {}", name(entry.to), name(next.state)));
    }
    return next;
}

}  // namespace

Result<void> Replay::add(const HistoryEntry& entry) {
    Result<Job> next = job_ ? replay_next(*job_, entry) : replay_first(entry);
    if (next.has_error()) return next.error();
    job_ = std::move(*next);
    job_->sequence = entry.sequence;
    return {};
}

Result<void> Replay::finish(std::string_view record) const {
    if (!job_) return permanent_error("has a record but no history: the store is damaged");
    if (encode_job(*job_) == record) return {};
    // A newer emeth's record may have fields that this one does not know.
    const Result<Job> job = decode_job(record);
    if (job.has_error()) return job.error();
    if (encode_job(*job_) == encode_job(*job)) return {};
    return permanent_error(fmt::format(
        "the replay of {} history entries differs from the record in: {}: the store is damaged, or was written by an "
        "emeth with other rules",
        job_->sequence, differing_fields(*job, *job_)));
}

Result<void> check_replay(const Job& job, const std::vector<HistoryEntry>& entries) {
    Replay replay;
    for (const HistoryEntry& entry : entries)
        if (const Result<void> added = replay.add(entry); added.has_error()) return added;
    return replay.finish(encode_job(job));
}

}  // namespace emeth::storage
