// All JOBs of a store with their histories, read in pieces on several threads: for what looks at everything (dump,
// verification, statistics). Internal to storage/.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "storage/rocks_database.hpp"

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

/// The store must not be written meanwhile, or be open for reading only.
class JobPieces {
public:
    static constexpr std::size_t jobs_per_piece = 1'000;

    /// The JOBs of a stretch of ids. The pieces are numbered from 0 in the order of ids.
    class Piece {
    public:
        [[nodiscard]] std::uint64_t number() const { return number_; }
        [[nodiscard]] std::size_t jobs() const { return records_.size(); }
        /// Throws ErrorException when the disk fails.
        void read(PieceVisitor& visitor);

    private:
        friend class JobPieces;
        struct Record {
            std::string key, value;
        };
        void read_histories_before(std::string_view key, PieceVisitor& visitor);

        std::uint64_t number_ = 0;
        std::vector<Record> records_;
        std::string begin_;     ///< key from which histories belong to this piece
        bool is_last_ = false;  ///< everything that follows belongs to it, too
        FamilyReader* histories_ = nullptr;
    };
    using Work = std::function<void(Piece& piece)>;
    /// On each of `threads` threads, calls what `make_work` returned there for one piece after the other. What it
    /// throws ends the reading and reaches the caller.
    static Result<void> for_each(RocksDatabase& database, unsigned threads, const std::function<Work()>& make_work);

private:
    JobPieces(RocksDatabase& database, FamilyReader jobs) : database_(database), jobs_(std::move(jobs)) {}
    void work_through(const Work& work);
    bool next(Piece& piece);

    RocksDatabase& database_;
    std::mutex mutex_;
    FamilyReader jobs_;
    std::uint64_t next_number_ = 0;
    std::string next_begin_;
    bool ended_ = false;
};

/// Lets the pieces that are worked on at once pass one after the other, in their order.
class PieceOrder {
public:
    /// Waits until all earlier pieces have passed, then calls `work`; does nothing once stop() was called.
    void pass(std::uint64_t number, const std::function<void()>& work);
    /// A piece failed, and will not pass.
    void stop();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t next_ = 0;
    bool stopped_ = false;
};

}  // namespace emeth::storage
