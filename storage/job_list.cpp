#include "storage/job_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "runtime/failpoint.hpp"
#include "storage/job_list_codec.hpp"
#include "storage/job_list_keys.hpp"
#include "storage/keys.hpp"
#include "storage/rocks_store.hpp"

namespace emeth::storage {
namespace {

namespace fs = std::filesystem;

fs::path put_aside(const fs::path& folder) {
    return folder.string() + ".old";
}

Result<std::optional<IndexedJob>> read(RocksDatabase& database, const JobId& id) {
    const std::string key = job_key(id);
    const auto payload = database.get(Family::jobs, key);
    if (payload.has_error()) return payload.error();
    if (!*payload) return std::optional<IndexedJob>{};
    auto job = decode_listed_job(id, **payload);
    if (job.has_error()) return database.value_error(Family::jobs, key, job.error());
    return std::optional(std::move(*job));
}

/// The keys of both that are not in the other, besides the record itself.
void replace(Batch& batch, const IndexedJob* old, const IndexedJob* fresh) {
    std::vector<std::string> before = old == nullptr ? std::vector<std::string>() : list_keys(*old);
    std::vector<std::string> after = fresh == nullptr ? std::vector<std::string>() : list_keys(*fresh);
    for (const auto& key : before)
        if (std::ranges::find(after, key) == after.end()) batch.erase(Family::meta, key);
    for (const auto& key : after)
        if (std::ranges::find(before, key) == before.end()) batch.put(Family::meta, key, {});
}

bool same_verdict(const IndexedJob& old, const IndexedJob& fresh) {
    return old.status == fresh.status && old.submitted_at_unix_s == fresh.submitted_at_unix_s &&
           old.verified_at_unix_s == fresh.verified_at_unix_s && old.seen_block == fresh.seen_block;
}

}  // namespace

JobList::JobList(fs::path folder) : folder_(std::move(folder)), state_(std::make_unique<ListState>()) {}
JobList::~JobList() = default;

Result<std::unique_ptr<JobList>> JobList::open(const fs::path& folder) {
    std::unique_ptr<JobList> list(new JobList(folder));
    std::error_code ignored;
    fs::remove_all(put_aside(folder), ignored);
    if (auto opened = list->open_database(); opened.has_error()) return opened.error();
    return list;
}

Result<void> JobList::open_database() {
    auto opened = storage::open_database(folder_, OpenMode::read_write, Platform{});
    if (opened.has_error()) return opened.error();
    database_ = std::move(*opened);
    return load_state();
}

Result<void> JobList::load_state() {
    const auto payload = database_->get(Family::meta, list_state_key);
    if (payload.has_error()) return payload.error();
    *state_ = {};
    if (!*payload) return {};
    auto state = decode_list_state(**payload);
    if (state.has_error()) return database_->value_error(Family::meta, list_state_key, state.error());
    *state_ = std::move(*state);
    return {};
}

Result<std::shared_ptr<RocksDatabase>> JobList::database() {
    const std::lock_guard lock(mutex_);
    if (database_) return database_;
    if (auto opened = open_database(); opened.has_error()) return opened.error();
    return database_;
}

ListState JobList::state() {
    const std::lock_guard lock(mutex_);
    return *state_;
}

std::optional<ListIdentity> JobList::identity() {
    return state().identity;
}

ListPosition JobList::position() {
    return state().position;
}

std::array<std::uint64_t, listed_status_count> JobList::counts() {
    return state().counts;
}

/// A new store in place of the old one, which is quicker than erasing a million JOBs. What is put aside is removed at
/// the next opening if a crash comes in between.
Result<void> JobList::begin(const ListIdentity& identity) {
    const std::lock_guard one_at_a_time(writer_);
    ListState fresh;
    fresh.identity = identity;
    {
        const std::lock_guard lock(mutex_);
        if (state_->identity) {
            database_.reset();
            std::error_code failed;
            fs::rename(folder_, put_aside(folder_), failed);
            if (failed)
                return transient_error(
                    fmt::format("cannot put {} aside: {}: remove it", folder_.string(), failed.message()));
            fs::remove_all(put_aside(folder_), failed);
        }
    }
    Batch batch;
    return commit(batch, fresh);
}

/// With the state that belongs to the batch. After a failed write it may be durable all the same, so the state is read
/// again.
Result<void> JobList::commit(Batch& batch, const ListState& state) {
    const auto database = this->database();
    if (database.has_error()) return database.error();
    batch.put(Family::meta, list_state_key, encode_list_state(state));
    failpoint::before("commit", "listed");
    const Result<void> written = (*database)->write(batch, Durability::synced);
    if (written.has_value()) failpoint::after("commit", "listed");
    const std::lock_guard lock(mutex_);
    if (written.has_value()) {
        *state_ = state;
    } else if ((*database)->make_writable().has_value()) {
        if (auto loaded = load_state(); loaded.has_error()) return loaded;
    }
    return written;
}

Result<ListChanges> JobList::apply(const ListUpdate& update) {
    const std::lock_guard one_at_a_time(writer_);
    const auto database = this->database();
    if (database.has_error()) return database.error();
    if (auto ready = (*database)->make_writable(); ready.has_error()) return ready.error();
    ListState fresh = state();
    fresh.position = update.position;
    Batch batch;
    ListChanges changes;
    for (const IndexedJob& job : update.read)
        if (auto taken = take_in(job, batch, fresh, changes); taken.has_error()) return taken.error();
    for (const JobId& id : update.gone)
        if (auto dropped = drop(id, batch, fresh, changes); dropped.has_error()) return dropped.error();
    if (auto committed = commit(batch, fresh); committed.has_error()) return committed.error();
    return changes;
}

Result<void> JobList::take_in(IndexedJob job, Batch& batch, ListState& state, ListChanges& changes) {
    const auto old = read(*database_, job.id);
    if (old.has_error()) return old.error();
    const auto want = [&](LookupKind kind) {
        changes.lookups.push_back({kind, job.id});
        batch.put(Family::meta, lookup_key(changes.lookups.back()), {});
    };
    job.dataset_bytes = *old && (*old)->dataset == job.dataset ? (*old)->dataset_bytes : 0;
    // What was known may be the reason of a verdict that a reorganisation took back.
    job.verdict_reason = *old && same_verdict(**old, job) ? (*old)->verdict_reason : std::nullopt;
    if (job.dataset_bytes == 0) want(LookupKind::dataset_bytes);
    if (job.status == rejected_status && !job.verdict_reason) want(LookupKind::verdict_reason);
    if (*old) {
        --state.counts.at((*old)->status);
        IndexedJob compared = **old;
        compared.seen_block = job.seen_block;
        if (compared != job) changes.jobs.push_back(job.id);
    } else {
        changes.jobs.push_back(job.id);
    }
    ++state.counts.at(job.status);
    replace(batch, *old ? &**old : nullptr, &job);
    batch.put(Family::jobs, job_key(job.id), encode_listed_job(job));
    return {};
}

Result<void> JobList::drop(const JobId& id, Batch& batch, ListState& state, ListChanges& changes) {
    const auto old = read(*database_, id);
    if (old.has_error()) return old.error();
    if (!*old) return {};
    --state.counts.at((*old)->status);
    replace(batch, &**old, nullptr);
    batch.erase(Family::jobs, job_key(id));
    for (const LookupKind kind : {LookupKind::dataset_bytes, LookupKind::verdict_reason})
        batch.erase(Family::meta, lookup_key({kind, id}));
    changes.jobs.push_back(id);
    return {};
}

Result<std::optional<IndexedJob>> JobList::find(const JobId& id) {
    const auto database = this->database();
    if (database.has_error()) return database.error();
    return read(**database, id);
}

Result<bool> JobList::list(const JobQuery& query, const std::function<bool(const IndexedJob&)>& visit) {
    const auto opened = this->database();
    if (opened.has_error()) return opened.error();
    RocksDatabase& database = **opened;
    std::string begin;
    if (query.after) {
        const auto last = read(database, *query.after);
        if (last.has_error()) return last.error();
        if (!*last) return permanent_error("there is no JOB " + query.after->hex());
        begin = list_key(query, **last);
    }
    const auto direction =
        query.order == JobOrder::oldest ? RocksDatabase::Direction::backward : RocksDatabase::Direction::forward;
    std::size_t visited = 0;
    bool more = false;
    const auto scanned = database.scan_from(
        Family::meta, list_prefix(query), begin, direction, [&](std::string_view key, auto) -> Result<bool> {
            const auto id = listed_job_of_key(key);
            if (!id) return permanent_error("the key names no JOB: the store is damaged");
            const auto job = read(database, *id);
            if (job.has_error()) return job.error();
            // It may have changed since the scan began.
            if (!*job || (query.status && (*job)->status != *query.status)) return true;
            more = visited == query.jobs_max || !visit(**job);
            ++visited;
            return !more;
        });
    if (scanned.has_error()) return scanned.error();
    return more;
}

Result<std::vector<JobId>> JobList::seen_since(std::uint64_t block) {
    const auto database = this->database();
    if (database.has_error()) return database.error();
    std::vector<JobId> jobs;
    const auto scanned = (*database)->scan_from(Family::meta, seen_prefix(), seen_key(block),
                                                RocksDatabase::Direction::forward, [&](auto key, auto) -> Result<bool> {
                                                    const auto id = listed_job_of_key(key);
                                                    if (id) jobs.push_back(*id);
                                                    return true;
                                                });
    if (scanned.has_error()) return scanned.error();
    return jobs;
}

Result<std::vector<Lookup>> JobList::lookups(std::size_t count_max) {
    const auto database = this->database();
    if (database.has_error()) return database.error();
    std::vector<Lookup> wanted;
    const auto scanned = (*database)->scan(Family::meta, lookup_prefix, [&](auto key, auto) -> Result<bool> {
        if (const auto lookup = lookup_of_key(key)) wanted.push_back(*lookup);
        return wanted.size() < count_max;
    });
    if (scanned.has_error()) return scanned.error();
    return wanted;
}

Result<bool> JobList::answer_dataset_bytes(const IndexedJob& asked, std::optional<std::uint64_t> bytes) {
    return answer({LookupKind::dataset_bytes, asked.id}, [&](IndexedJob& job) {
        if (job.dataset != asked.dataset) return false;
        job.dataset_bytes = bytes.value_or(0);
        return true;
    });
}

Result<bool> JobList::answer_verdict_reason(const IndexedJob& asked, std::optional<std::string> reason) {
    return answer({LookupKind::verdict_reason, asked.id}, [&](IndexedJob& job) {
        if (!same_verdict(asked, job)) return false;
        job.verdict_reason = std::move(reason);
        return true;
    });
}

Result<bool> JobList::answer(const Lookup& lookup, const std::function<bool(IndexedJob&)>& change) {
    const std::lock_guard one_at_a_time(writer_);
    const auto database = this->database();
    if (database.has_error()) return database.error();
    if (auto ready = (*database)->make_writable(); ready.has_error()) return ready.error();
    const auto found = read(**database, lookup.job);
    if (found.has_error()) return found.error();
    if (!*found) return false;
    IndexedJob job = **found;
    if (!change(job)) return false;
    Batch batch;
    batch.erase(Family::meta, lookup_key(lookup));
    if (job != **found) batch.put(Family::jobs, job_key(job.id), encode_listed_job(job));
    const auto written = (*database)->write(batch, Durability::synced);
    if (written.has_error()) return written.error();
    return job != **found;
}

}  // namespace emeth::storage
