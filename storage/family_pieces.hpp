// A family of a store, read in pieces on several threads: for what looks at everything (dump, verification,
// statistics). Internal to storage/.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "storage/rocks_database.hpp"

namespace emeth::storage {

/// A store's iterators report an error of the disk by ending: throws it as an ErrorException.
void check(const FamilyReader& reader);

/// The store must not be written meanwhile, or be open for reading only.
class FamilyPieces {
public:
    static constexpr std::size_t entries_max = 1'000;
    static constexpr std::size_t bytes_max = 4 << 20;  ///< the entry that exceeds it is the last of its piece

    struct Entry {
        std::string_view key;
        std::string_view value;  ///< in its envelope
    };

    /// A copy of entries that follow each other. The pieces are numbered from 0 in the order of keys.
    class Piece {
    public:
        [[nodiscard]] std::uint64_t number() const { return number_; }
        [[nodiscard]] std::size_t size() const { return ends_.size(); }
        [[nodiscard]] Entry operator[](std::size_t index) const;
        /// The last key of the piece before; empty for the first.
        [[nodiscard]] std::string_view key_before() const { return key_before_; }
        /// It may be without entries.
        [[nodiscard]] bool is_last() const { return is_last_; }

    private:
        friend class FamilyPieces;
        struct Ends {
            std::size_t key, value;
        };
        std::uint64_t number_ = 0;
        std::string key_before_, bytes_;  ///< all keys and values, one after the other
        std::vector<Ends> ends_;          ///< in bytes_
        bool is_last_ = false;
    };
    using Work = std::function<void(const Piece& piece)>;
    /// On each of `threads` threads, calls what `make_work` returned there for one piece after the other. What it
    /// throws ends the reading and reaches the caller.
    static Result<void> for_each(RocksDatabase& database, Family family, unsigned threads,
                                 const std::function<Work()>& make_work);

private:
    explicit FamilyPieces(FamilyReader entries) : entries_(std::move(entries)) {}
    void work_through(const Work& work);
    bool next(Piece& piece);

    std::mutex mutex_;
    FamilyReader entries_;
    std::uint64_t next_number_ = 0;
    std::string last_key_;
    bool ended_ = false;
};

/// Lets the pieces that are worked on at once pass one after the other, in their order.
class PieceOrder {
public:
    /// Waits until all earlier pieces have passed: then it is this piece's turn. `false`: stop() was called, and it
    /// will never be.
    bool wait(std::uint64_t number);
    /// Without waiting.
    [[nodiscard]] bool is_turn(std::uint64_t number) const { return next_.load(std::memory_order_acquire) == number; }
    /// The piece whose turn it is has passed.
    void passed();
    /// A piece failed, and will not pass.
    void stop();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::atomic<std::uint64_t> next_ = 0;
    bool stopped_ = false;
};

/// Work on a piece, with something at its end (`in_turn`) that happens in the order of the pieces. What is thrown is
/// what would have been thrown first on one thread: later pieces end in silence.
template <class Work, class InTurn>
void work_in_order(PieceOrder& order, std::uint64_t number, Work&& work, InTurn&& in_turn) {
    try {
        work();
        if (!order.wait(number)) return;
        in_turn();
        order.passed();
    } catch (...) {
        if (!order.wait(number)) return;
        order.stop();
        throw;
    }
}

}  // namespace emeth::storage
