#include "storage/job_pieces.hpp"

#include "runtime/parallel.hpp"
#include "storage/keys.hpp"

namespace emeth::storage {
namespace {

/// A store's iterators report an error of the disk by ending.
void check(const FamilyReader& reader) {
    if (const Result<void> status = reader.status(); status.has_error()) throw ErrorException(status.error());
}

std::string_view job_part(std::string_view history_key) {
    return history_key.substr(0, JobId::size_bytes);
}

/// The first key after the whole history of a JOB.
std::string after_history(std::string_view job_key) {
    std::string key(job_key);
    key.append(sizeof(std::uint64_t) + 1, '\xff');
    return key;
}

}  // namespace

Result<void> JobPieces::for_each(RocksDatabase& database, unsigned threads,
                                 const std::function<Work()>& make_work) try {
    Result<FamilyReader> jobs = database.reader(Family::jobs);
    if (jobs.has_error()) return jobs.error();
    JobPieces pieces(database, std::move(*jobs));
    on_threads(threads, [&] { pieces.work_through(make_work()); });
    return {};
} catch (const ErrorException& failed) {
    return failed.error();
}

void JobPieces::work_through(const Work& work) {
    Result<FamilyReader> histories = database_.reader(Family::history);
    if (histories.has_error()) throw ErrorException(histories.error());
    Piece piece;
    piece.histories_ = &*histories;
    try {
        while (next(piece)) work(piece);
    } catch (...) {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        throw;
    }
}

/// The last piece may be without JOBs: what follows belongs to it.
bool JobPieces::next(Piece& piece) {
    const std::lock_guard lock(mutex_);
    if (ended_) return false;
    piece.number_ = next_number_++;
    piece.begin_ = next_begin_;
    piece.records_.clear();
    for (; jobs_.valid() && piece.records_.size() < jobs_per_piece; jobs_.next())
        piece.records_.push_back({std::string(jobs_.key()), std::string(jobs_.value())});
    check(jobs_);
    piece.is_last_ = ended_ = piece.records_.size() < jobs_per_piece;
    if (!piece.records_.empty()) next_begin_ = after_history(piece.records_.back().key);
    return true;
}

void JobPieces::Piece::read(PieceVisitor& visitor) {
    histories_->seek(begin_);
    for (const Record& record : records_) {
        read_histories_before(record.key, visitor);
        visitor.job(record.key, record.value);
        for (; histories_->valid() && job_part(histories_->key()) == record.key; histories_->next())
            visitor.history(histories_->key(), histories_->value());
        visitor.end_of_job();
    }
    if (is_last_)
        for (; histories_->valid(); histories_->next()) visitor.stray_history(histories_->key());
    check(*histories_);
}

void JobPieces::Piece::read_histories_before(std::string_view key, PieceVisitor& visitor) {
    for (; histories_->valid() && job_part(histories_->key()) < key; histories_->next())
        visitor.stray_history(histories_->key());
}

void PieceOrder::pass(std::uint64_t number, const std::function<void()>& work) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopped_ || next_ == number; });
    if (stopped_) return;
    work();
    ++next_;
    changed_.notify_all();
}

void PieceOrder::stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
}

}  // namespace emeth::storage
