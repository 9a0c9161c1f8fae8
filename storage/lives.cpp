// Every JOB's life, and questions about all JOBs that need less than that.
#include <mutex>

#include "storage/envelope.hpp"
#include "storage/inspection.hpp"
#include "storage/job_pieces.hpp"
#include "storage/keys.hpp"
#include "storage/record_codec.hpp"
#include "storage/records.pb.h"
#include "storage/rocks_database.hpp"
#include "storage/store_progress.hpp"
#include "storage/wire_reader.hpp"

namespace emeth::storage {
namespace {

class LifeReader final : public PieceVisitor {
public:
    LifeReader(const RocksDatabase& database, const Inspection::Life& visit, std::mutex& one_at_a_time)
        : database_(database), visit_(visit), one_at_a_time_(one_at_a_time) {}

    void job(std::string_view key, std::string_view value) override {
        history_.clear();
        job_ = decoded(Family::jobs, key, value, decode_job);
    }
    void history(std::string_view key, std::string_view value) override {
        history_.push_back(decoded(Family::history, key, value, decode_history));
    }
    void end_of_job() override {
        const std::lock_guard lock(one_at_a_time_);
        visit_(job_, history_);
    }
    void stray_history(std::string_view) override {}

private:
    template <class Value>
    Value decoded(Family family, std::string_view key, std::string_view value,
                  Result<Value> (*decode)(std::string_view)) {
        const Result<std::string_view> payload = unseal(key, value);
        Result<Value> read = payload ? decode(*payload) : Result<Value>(payload.error());
        if (read.has_error()) throw ErrorException(database_.value_error(family, key, read.error()));
        return std::move(*read);
    }

    const RocksDatabase& database_;
    const Inspection::Life& visit_;
    std::mutex& one_at_a_time_;
    statemachine::Job job_;
    std::vector<HistoryEntry> history_;
};

/// The state's number in an encoded record, without decoding the rest.
std::uint64_t state_of(std::string_view record) {
    for (WireReader reader(record); !reader.empty();)
        if (const WireField field = reader.next(); field.number_of_field == records::Job::kStateFieldNumber)
            return field.number;
    return 0;
}

}  // namespace

Result<void> Inspection::for_each_life(const Life& visit, const Effort& effort) const {
    std::mutex one_at_a_time;
    StoreProgress progress(effort);
    const auto work = [&](JobPiece& piece) {
        LifeReader reader(*database_, visit, one_at_a_time);
        piece.read(reader);
        progress.add(piece.jobs());
    };
    return JobPiece::for_each(*database_, effort.threads, [&] { return work; });
}

Result<StateCounts> Inspection::count_states() const try {
    StateCounts counts{};
    Result<FamilyReader> jobs = database_->reader(Family::jobs);
    if (jobs.has_error()) return jobs.error();
    for (; jobs->valid(); jobs->next()) {
        const Result<std::string_view> record = jobs->payload();
        if (record.has_error()) return record.error();
        const std::uint64_t state = state_of(*record);
        if (state == 0 || state >= counts.size())
            return jobs->damaged(permanent_error("it is in no state known here: use the emeth that wrote it"));
        ++counts[state];
    }
    if (const Result<void> status = jobs->status(); status.has_error()) return status.error();
    return counts;
} catch (const ErrorException& damaged) {
    return damaged.error();
}

Result<std::vector<JobId>> Inspection::ids_between(const JobId& first, const JobId& last, std::size_t at_most) const {
    Result<FamilyReader> jobs = database_->reader(Family::jobs);
    if (jobs.has_error()) return jobs.error();
    std::vector<JobId> ids;
    for (jobs->seek(job_key(first)); jobs->valid() && ids.size() < at_most; jobs->next()) {
        const auto id = job_of_key(jobs->key());
        if (!id || *id > last) break;
        ids.push_back(*id);
    }
    if (const Result<void> status = jobs->status(); status.has_error()) return status.error();
    return ids;
}

Result<std::uint64_t> Inspection::estimated_jobs() const {
    return database_->estimated_keys(Family::jobs);
}

}  // namespace emeth::storage
