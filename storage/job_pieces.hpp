// All JOBs of a store with their histories, read in pieces on several threads. Internal to storage/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "storage/family_pieces.hpp"

namespace emeth::storage {

/// What a piece consists of, in the order of ids. Keys and values are valid during the call only; values are in their
/// envelopes.
class PieceVisitor {
public:
    virtual ~PieceVisitor() = default;
    virtual void job(std::string_view key, std::string_view value) = 0;
    /// Of the last JOB.
    virtual void history(std::string_view key, std::string_view value) = 0;
    virtual void end_of_job() = 0;
    /// A history entry whose JOB has no record.
    virtual void stray_history(std::string_view key) = 0;
};

/// The JOBs of a stretch of ids. The pieces are numbered from 0 in the order of ids. All that follows the last JOB
/// belongs to the last piece, which may be without JOBs.
class JobPiece {
public:
    using Work = std::function<void(JobPiece& piece)>;
    /// Like FamilyPieces::for_each().
    static Result<void> for_each(RocksDatabase& database, unsigned threads, const std::function<Work()>& make_work);

    [[nodiscard]] std::uint64_t number() const { return records_.number(); }
    [[nodiscard]] std::size_t jobs() const { return records_.size(); }
    /// Throws ErrorException when the disk fails.
    void read(PieceVisitor& visitor);

private:
    JobPiece(const FamilyPieces::Piece& records, FamilyReader& histories) : records_(records), histories_(histories) {}
    void read_histories_before(std::string_view key, PieceVisitor& visitor);

    const FamilyPieces::Piece& records_;
    FamilyReader& histories_;
};

}  // namespace emeth::storage
