#include "chain/log_follower.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/parse_number.hpp"

namespace emeth::chain {
namespace {

/// Removes the text up to `separator` from the front of `rest` and returns it.
std::string_view take_until(std::string_view& rest, char separator) {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view taken = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return taken;
}

}  // namespace

LogFollower::LogFollower(Chain& chain, std::uint64_t from_block, FollowerOptions options)
    : chain_(&chain), start_block_(from_block), options_(options) {}

Result<LogFollower> LogFollower::resume(Chain& chain, std::string_view cursor, FollowerOptions options) {
    const auto refuse = [&] {
        return permanent_error(
            fmt::format("log cursor '{}' is damaged; remove it to read from the start", cursor.substr(0, 80)));
    };
    std::string_view rest = cursor;
    const std::optional<std::uint64_t> start = parse_number<std::uint64_t>(take_until(rest, ' '));
    if (!start) return refuse();
    LogFollower follower(chain, *start, options);
    while (!rest.empty()) {
        std::string_view text = take_until(rest, ' ');
        const std::optional<std::uint64_t> number = parse_number<std::uint64_t>(take_until(text, ':'));
        const std::optional<Hash256> hash = Hash256::parse(text);
        const bool ordered =
            number &&
            (follower.acknowledged_.empty() ? *number >= *start : *number > follower.acknowledged_.back().number);
        if (!ordered || !hash || follower.acknowledged_.size() == checkpoints_max) return refuse();
        follower.acknowledged_.push_back({*number, *hash});
    }
    follower.offered_ = follower.acknowledged_;
    return follower;
}

std::string LogFollower::cursor() const {
    std::string text = fmt::format("{}", start_block_);
    for (const Checkpoint& checkpoint : offered_)
        text += fmt::format(" {}:{}", checkpoint.number, checkpoint.hash.hex());
    return text;
}

void LogFollower::acknowledge() {
    acknowledged_ = offered_;
}

std::uint64_t LogFollower::position(const Checkpoints& checkpoints) const {
    return checkpoints.empty() ? start_block_ : checkpoints.back().number + 1;
}

Task<Result<LogBatch>> LogFollower::next() {
    const Result<Block> latest = co_await chain_->latest_block();
    if (latest.has_error()) co_return latest.error();
    Result<std::optional<Checkpoints>> kept = co_await canonical(latest->number);
    if (kept.has_error()) co_return kept.error();
    LogBatch batch;
    batch.latest = *latest;
    batch.caught_up = true;
    if (!*kept) co_return batch;
    Checkpoints checkpoints = std::move(**kept);
    if (checkpoints.size() < acknowledged_.size()) batch.reorganised_from = position(checkpoints);
    const std::uint64_t from = position(checkpoints);
    if (latest->number + 1 >= from + options_.confirmations) {
        const std::uint64_t head = latest->number + 1 - options_.confirmations;
        const std::uint64_t to = std::min(head, from + options_.range_blocks_max - 1);
        Block end;
        Result<std::vector<Log>> logs = co_await read(from, to, &end);
        if (logs.has_error()) co_return logs.error();
        batch.logs = std::move(*logs);
        batch.caught_up = to == head;
        batch.end = end;
        checkpoints.push_back({to, end.hash});
        if (checkpoints.size() > checkpoints_max) checkpoints.pop_front();
    }
    offered_ = std::move(checkpoints);
    co_return batch;
}

Task<Result<std::optional<LogFollower::Checkpoints>>> LogFollower::canonical(std::uint64_t latest) {
    Checkpoints checkpoints = acknowledged_;
    if (!checkpoints.empty() && checkpoints.back().number > latest) co_return std::optional<Checkpoints>();
    while (!checkpoints.empty()) {
        const Result<std::optional<Block>> block = co_await chain_->block(checkpoints.back().number);
        if (block.has_error()) co_return block.error();
        if (!*block)
            co_return transient_error(fmt::format("block {} is not known to the endpoint", checkpoints.back().number));
        if ((*block)->hash == checkpoints.back().hash) break;
        checkpoints.pop_back();
    }
    co_return std::optional(std::move(checkpoints));
}

/// The hash of the last block is compared before and after, so that all logs belong to the same chain.
Task<Result<std::vector<Log>>> LogFollower::read(std::uint64_t from_block, std::uint64_t to_block, Block* end) {
    const Result<std::optional<Block>> before = co_await chain_->block(to_block);
    if (before.has_error()) co_return before.error();
    Result<std::vector<Log>> logs = co_await chain_->core_logs(from_block, to_block);
    if (logs.has_error()) co_return logs.error();
    const Result<std::optional<Block>> after = co_await chain_->block(to_block);
    if (after.has_error()) co_return after.error();
    if (!*before || !*after || (*before)->hash != (*after)->hash) {
        co_return transient_error(
            fmt::format("the chain was reorganised while logs up to block {} were read", to_block));
    }
    *end = **after;
    co_return logs;
}

}  // namespace emeth::chain
