// Reads the logs of the EmethCore contract, block range after block range, and notices reorganisations. Io thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/chain.hpp"
#include "chain/reorganisation.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::chain {

struct LogBatch {
    /// Set: blocks from this one on were replaced. Forget what came of them before taking `logs`, which may lie before
    /// or after.
    std::optional<std::uint64_t> reorganised_from;
    std::vector<Log> logs;   ///< oldest first, each of them once
    bool caught_up = false;  ///< nothing more for now: wait before the next call
};

struct FollowerOptions {
    std::uint64_t range_blocks_max = 2'000;  ///< of one call
    std::uint64_t confirmations = 1;         ///< 1: up to the latest block; more: only blocks that deep
};

/// next() returns the same batch again until acknowledge(): a reader that fails half-way loses nothing, and one that
/// stores cursor() in the same commit as its effects sees each log exactly once.
class LogFollower {
public:
    /// From `from_block` on. `chain` must outlive it.
    LogFollower(Chain& chain, std::uint64_t from_block, FollowerOptions options = {});
    /// From where a cursor() was taken. Error: the text is no cursor.
    static Result<LogFollower> resume(Chain& chain, std::string_view cursor, FollowerOptions options = {});

    /// Does not wait for blocks. A transient Error changes nothing: call again later.
    Task<Result<LogBatch>> next();
    /// The last batch was processed: the next call continues after it.
    void acknowledge();
    /// The position with the last batch taken, acknowledged or not: a short text to store beside what the batch led to.
    [[nodiscard]] std::string cursor() const;

private:
    /// The hash of a block up to which logs were read.
    struct Checkpoint {
        std::uint64_t number = 0;
        Hash256 hash;
    };
    /// At the head of the chain there is one a block. A reorganisation that reaches behind all of them starts again
    /// from the first block.
    static constexpr std::size_t checkpoints_max = reorganisation_blocks_max;
    using Checkpoints = std::deque<Checkpoint>;  // oldest first

    /// Removes checkpoints that are no longer on the chain. None: the chain is shorter than what was read, as a lagging
    /// endpoint makes it look.
    Task<Result<std::optional<Checkpoints>>> canonical(std::uint64_t latest);
    [[nodiscard]] std::uint64_t position(const Checkpoints& checkpoints) const;
    Task<Result<std::vector<Log>>> read(std::uint64_t from_block, std::uint64_t to_block, Hash256* end_hash);

    Chain* chain_;
    std::uint64_t start_block_;
    FollowerOptions options_;
    Checkpoints acknowledged_;
    Checkpoints offered_;
};

}  // namespace emeth::chain
