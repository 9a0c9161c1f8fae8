// JOB records and their history.
#include "storage/job_store.hpp"

#include <fmt/format.h>

#include "storage/keys.hpp"
#include "storage/record_codec.hpp"
#include "storage/replay.hpp"
#include "storage/rocks_store.hpp"

namespace emeth::storage {

using namespace statemachine;

namespace {

/// The record, the history entry and the index of active JOBs: what every commit writes.
void put_record(Batch& batch, const Job& job, const HistoryEntry& entry) {
    batch.put(Family::jobs, job_key(job.terms.id), encode_job(job));
    batch.put(Family::history, history_key(job.terms.id, entry.sequence), encode_history(entry));
    if (is_end(entry.to) && !is_end(entry.from)) batch.erase(Family::meta, active_key(job.terms.id));
    if (is_end(entry.from) && !is_end(entry.to)) batch.put(Family::meta, active_key(job.terms.id), {});
}

}  // namespace

Result<Job> RocksJobStore::create(const Discovered& discovered, std::int64_t at_unix_ms) {
    const JobId& id = discovered.terms.id;
    const std::lock_guard lock(writer_of(id));
    if (const Result<void> ready = database_->make_writable(); ready.has_error()) return ready.error();
    const auto stored = find(id);
    if (stored.has_error()) return stored.error();
    if (*stored) {
        return permanent_error(fmt::format("JOB {} exists already, in state {}", id.hex(), name((*stored)->state)));
    }
    Job job = discover(discovered, at_unix_ms).next;
    job.sequence = 1;
    const HistoryEntry entry{job.sequence, {at_unix_ms, discovered}, job.state, job.state, std::nullopt};
    Batch batch;
    put_record(batch, job, entry);
    batch.put(Family::meta, active_key(id), {});
    if (const Result<void> written = database_->write(batch, Durability::synced); written.has_error())
        return written.error();
    return job;
}

Result<JobStore::Applied> RocksJobStore::apply(const Job& job, const Event& event, const SideWrites& side) {
    const JobId& id = job.terms.id;
    const std::lock_guard lock(writer_of(id));
    if (const Result<void> ready = database_->make_writable(); !ready) {
        return in_context(fmt::format("JOB {}, {}", id.hex(), name(event.body)), ready.error());
    }
    const auto stored = find(id);
    if (stored.has_error()) return stored.error();
    if (!*stored) return permanent_error(fmt::format("JOB {} is not in the store: create it first", id.hex()));
    if ((*stored)->sequence != job.sequence) {
        return permanent_error(fmt::format("JOB {}: the given record has sequence {}, the stored one {}: load it again",
                                           id.hex(), job.sequence, (*stored)->sequence));
    }
    return commit(**stored, event, side);
}

Result<JobStore::Applied> RocksJobStore::commit(const Job& stored, const Event& event, const SideWrites& side) {
    TransitionResult outcome = transition(stored, event);
    Applied applied;
    if (auto* made = std::get_if<Transition>(&outcome)) {
        applied = {std::move(made->next), std::nullopt, std::move(made->commands)};
    } else {
        applied = {stored, std::get<Rejection>(std::move(outcome)), {}};
    }
    applied.job.sequence = stored.sequence + 1;

    Batch batch;
    put_record(batch, applied.job, {applied.job.sequence, event, stored.state, applied.job.state, applied.rejection});
    if (!applied.rejection) put_outbox(batch, side.outbox_put);
    if (const Result<void> written = database_->write(batch, Durability::synced); !written) {
        return in_context(fmt::format("JOB {}, {}", stored.terms.id.hex(), name(event.body)), written.error());
    }
    return applied;
}

Result<std::optional<Job>> RocksJobStore::find(const JobId& id) {
    const auto stored = database_->get(Family::jobs, job_key(id));
    if (stored.has_error()) return stored.error();
    if (!*stored) return std::optional<Job>{};
    Result<Job> job = decode_job(**stored);
    if (!job) return in_context(fmt::format("JOB {}", id.hex()), job.error());
    return std::optional<Job>{std::move(*job)};
}

Result<std::vector<Job>> RocksJobStore::active() {
    std::vector<Job> jobs;
    const auto scanned = database_->scan(Family::meta, active_prefix, [&](auto key, auto) -> Result<bool> {
        const auto id = job_of_key(key.substr(active_prefix.size()));
        if (!id) return permanent_error("the key names no JOB: the store is damaged");
        const auto job = find(*id);
        if (job.has_error()) return job.error();
        if (!*job) return permanent_error("the JOB has no record: the store is damaged");
        // It may have ended since the scan began.
        if (!is_end((*job)->state)) jobs.push_back(**job);
        return true;
    });
    if (scanned.has_error()) return scanned.error();
    return jobs;
}

Result<void> RocksJobStore::for_each(const std::function<bool(const Job&)>& visit) {
    return database_->scan(Family::jobs, {}, [&](auto, auto payload) -> Result<bool> {
        const Result<Job> job = decode_job(payload);
        if (job.has_error()) return job.error();
        return visit(*job);
    });
}

Result<std::vector<Job>> RocksJobStore::page(const std::optional<JobId>& after, std::size_t count) {
    Result<FamilyReader> reader = database_->reader(Family::jobs);
    if (reader.has_error()) return reader.error();
    const std::string last = after ? job_key(*after) : std::string();
    reader->seek(last);
    if (after && reader->valid() && reader->key() == last) reader->next();
    std::vector<Job> jobs;
    for (; reader->valid() && jobs.size() < count; reader->next()) {
        const Result<std::string_view> payload = reader->payload();
        if (payload.has_error()) return payload.error();
        Result<Job> job = decode_job(*payload);
        if (job.has_error()) return reader->damaged(job.error());
        jobs.push_back(std::move(*job));
    }
    if (const auto read = reader->status(); read.has_error()) return read.error();
    return jobs;
}

Result<std::vector<HistoryEntry>> RocksJobStore::history(const JobId& id) {
    const auto record = find(id);
    if (record.has_error()) return record.error();
    if (!*record) return permanent_error(fmt::format("JOB {} is not in the store", id.hex()));
    return read_history(id);
}

Result<std::vector<HistoryEntry>> RocksJobStore::read_history(const JobId& id) {
    std::vector<HistoryEntry> entries;
    const auto scanned = database_->scan(Family::history, job_key(id), [&](auto, auto payload) -> Result<bool> {
        Result<HistoryEntry> entry = decode_history(payload);
        if (entry.has_error()) return entry.error();
        entries.push_back(std::move(*entry));
        return true;
    });
    if (scanned.has_error()) return scanned.error();
    return entries;
}

Result<void> RocksJobStore::verify(const JobId& id) {
    const std::lock_guard lock(writer_of(id));  // record and history are read at the same moment
    const auto record = find(id);
    if (record.has_error()) return record.error();
    if (!*record) return permanent_error(fmt::format("JOB {} is not in the store", id.hex()));
    const auto entries = read_history(id);
    if (entries.has_error()) return entries.error();
    const Result<void> replayed = check_replay(**record, *entries);
    if (!replayed) return in_context(fmt::format("JOB {}", id.hex()), replayed.error());
    return {};
}

std::mutex& RocksJobStore::writer_of(const JobId& id) {
    return writers_[id.bytes.back() % stripes];
}

}  // namespace emeth::storage
