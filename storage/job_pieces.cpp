#include "storage/job_pieces.hpp"

#include <memory>
#include <string>

#include "storage/keys.hpp"

namespace emeth::storage {
namespace {

std::string_view job_part(std::string_view history_key) {
    return history_key.substr(0, JobId::size_bytes);
}

/// The first key after the whole history of a JOB; the first of all without one.
std::string after_history(std::string_view job_key) {
    std::string key(job_key);
    if (!key.empty()) key.append(sizeof(std::uint64_t) + 1, '\xff');
    return key;
}

}  // namespace

Result<void> JobPiece::for_each(RocksDatabase& database, unsigned threads, const std::function<Work()>& make_work) {
    return FamilyPieces::for_each(database, Family::jobs, threads, [&]() -> FamilyPieces::Work {
        auto histories = std::make_shared<FamilyReader>(database.reader(Family::history).value());
        return [histories, work = make_work()](const FamilyPieces::Piece& records) {
            JobPiece piece(records, *histories);
            work(piece);
        };
    });
}

void JobPiece::read(PieceVisitor& visitor) {
    histories_.seek(after_history(records_.key_before()));
    for (std::size_t i = 0; i < records_.size(); ++i) {
        const auto [key, value] = records_[i];
        read_histories_before(key, visitor);
        visitor.job(key, value);
        for (; histories_.valid() && job_part(histories_.key()) == key; histories_.next())
            visitor.history(histories_.key(), histories_.value());
        visitor.end_of_job();
    }
    if (records_.is_last())
        for (; histories_.valid(); histories_.next()) visitor.stray_history(histories_.key());
    check(histories_);
}

void JobPiece::read_histories_before(std::string_view key, PieceVisitor& visitor) {
    for (; histories_.valid() && job_part(histories_.key()) < key; histories_.next())
        visitor.stray_history(histories_.key());
}

}  // namespace emeth::storage
