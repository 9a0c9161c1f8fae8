// Reads the logs of the EmethCore contract, one block range after another, and detects reorganisations. Io thread only.
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
    /// Set: blocks from this one on were replaced. Discard everything derived from them before taking `logs`, which may
    /// lie before or after.
    std::optional<std::uint64_t> reorganised_from;
    std::vector<Log> logs;     ///< oldest first, each exactly once
    bool caught_up = false;    ///< nothing more for now: wait before the next call
    std::optional<Block> end;  ///< the last block whose logs are in it; none: there is no new block
    Block latest;              ///< of the chain when the call began
};

struct FollowerOptions {
    std::uint64_t range_blocks_max = 2'000;  ///< per call
    std::uint64_t confirmations = 1;         ///< 1: up to the latest block; more: only blocks at that depth
};

/// next() returns the same batch again until acknowledge(): a reader that fails half-way loses nothing, and one that
/// stores cursor() in the same commit as its effects sees each log exactly once.
class LogFollower {
public:
    /// Starts at `from_block`. `chain` must outlive it.
    LogFollower(Chain& chain, std::uint64_t from_block, FollowerOptions options = {});
    /// Continues where a cursor() was taken. Error: the text is not a cursor.
    static Result<LogFollower> resume(Chain& chain, std::string_view cursor, FollowerOptions options = {});

    /// Does not wait for blocks. A transient Error changes nothing; call it again later.
    Task<Result<LogBatch>> next();
    /// The last batch has been processed: the next call continues after it.
    void acknowledge();
    /// The block that comes after the last batch, acknowledged or not.
    [[nodiscard]] std::uint64_t next_block() const { return position(offered_); }
    /// The position after the last batch, acknowledged or not: a short text to store together with the batch's effects.
    [[nodiscard]] std::string cursor() const;

private:
    /// The hash of a block up to which logs were read.
    struct Checkpoint {
        std::uint64_t number = 0;
        Hash256 hash;
    };
    /// At the head of the chain there is one per block. A reorganisation that reaches behind all of them starts over
    /// from the first block.
    static constexpr std::size_t checkpoints_max = reorganisation_blocks_max;
    using Checkpoints = std::deque<Checkpoint>;  // oldest first

    /// Removes checkpoints that are no longer on the chain. None: the chain is shorter than what was read, as it
    /// appears at a lagging endpoint.
    Task<Result<std::optional<Checkpoints>>> canonical(std::uint64_t latest);
    [[nodiscard]] std::uint64_t position(const Checkpoints& checkpoints) const;
    Task<Result<std::vector<Log>>> read(std::uint64_t from_block, std::uint64_t to_block, Block* end);

    Chain* chain_;
    std::uint64_t start_block_;
    FollowerOptions options_;
    Checkpoints acknowledged_;
    Checkpoints offered_;
};

}  // namespace emeth::chain
