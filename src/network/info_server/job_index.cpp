#include "network/info_server/job_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "chain/encoding/emeth_core.hpp"
#include "network/info_server/job_reader.hpp"
#include "runtime/log.hpp"

namespace emeth::network {

namespace {

constexpr std::size_t jobs_per_commit = 250;

std::optional<JobId> job_of(const chain::Log& log) {
    if (const auto request = chain::parse_request_event(log)) return request->job;
    if (const auto cancel = chain::parse_cancel_event(log)) return cancel->job;
    if (const auto status = chain::parse_status_event(log)) return status->job;
    return std::nullopt;
}

}  // namespace

JobIndex::JobIndex(asio::any_io_executor executor, chain::Chain& chain, storage::JobList& list, BlockingPool& pool,
                   JobIndexOptions options, Changed changed)
    : executor_(std::move(executor)),
      chain_(chain),
      list_(list),
      pool_(pool),
      options_(options),
      changed_(std::move(changed)),
      position_(list.position()) {}

/// Goes on with the list if it is one of this chain and contract, and otherwise begins a new one.
Task<Result<void>> JobIndex::begin() {
    const auto chain_id = co_await chain_.chain_id();
    if (chain_id.has_error()) co_return chain_id.error();
    if (options_.chain_id && *chain_id != *options_.chain_id)
        co_return permanent_error(fmt::format("the endpoint is of chain {}, chain_id says {}: correct one of them",
                                              *chain_id, *options_.chain_id));
    const auto genesis = co_await chain_.block(0);
    if (genesis.has_error()) co_return genesis.error();
    if (!*genesis) co_return transient_error("the endpoint does not know block 0");
    const storage::ListIdentity identity{*chain_id, options_.core, options_.start_block, (*genesis)->hash};
    const chain::FollowerOptions following{.range_blocks_max = options_.range_blocks_max};
    const std::optional<storage::ListIdentity> known = list_.identity();
    if (known == identity && !position_.cursor.empty()) {
        auto resumed = chain::LogFollower::resume(chain_, position_.cursor, following);
        if (resumed.has_error()) co_return resumed.error();
        follower_ = std::move(*resumed);
        co_return Result<void>{};
    }
    if (known && known != identity)
        spdlog::warn(
            "JOB info server: what it kept is the list of another chain, contract or start_block; it is made anew");
    auto work = [this, identity] { return list_.begin(identity); };
    auto beginning = pool_.run(std::move(work));
    const Result<void> begun = co_await std::move(beginning);
    if (begun.has_error()) co_return begun;
    position_ = {};
    follower_.emplace(chain_, options_.start_block, following);
    co_return Result<void>{};
}

Task<Result<void>> JobIndex::update() {
    if (!follower_) {
        const auto begun = co_await begin();
        if (begun.has_error()) co_return begun;
    }
    for (bool caught_up = false; !caught_up;) {
        const auto advanced = co_await advance();
        if (advanced.has_error()) co_return advanced.error();
        caught_up = *advanced;
    }
    co_return Result<void>{};
}

/// One batch of logs. True: there are no more for now.
Task<Result<bool>> JobIndex::advance() {
    const auto batch = co_await follower_->next();
    if (batch.has_error()) co_return batch.error();
    latest_ = batch->latest;
    std::set<JobId> jobs;
    for (const auto& log : batch->logs)
        if (const auto id = job_of(log)) jobs.insert(*id);
    bool trusted = true;
    if (position_.head_block > position_.block) {
        const auto canonical = co_await is_canonical(position_.head_block, position_.head_hash);
        if (canonical.has_error()) co_return canonical.error();
        trusted = *canonical;
    }
    std::optional<std::uint64_t> replaced_from = batch->reorganised_from;
    if (!trusted && !replaced_from) replaced_from = position_.block + 1;
    if (replaced_from) {
        const auto seen = co_await seen_since(*replaced_from);
        if (seen.has_error()) co_return seen.error();
        jobs.insert(seen->begin(), seen->end());
    }
    if (batch->end || !jobs.empty() || !trusted) {
        auto reading = read_again(std::move(jobs), batch->end, trusted);
        const auto read = co_await std::move(reading);
        if (read.has_error()) co_return read.error();
    }
    follower_->acknowledge();
    co_return batch->caught_up;
}

Task<Result<bool>> JobIndex::is_canonical(std::uint64_t number, Hash256 hash) {
    const auto block = co_await chain_.block(number);
    if (block.has_error()) co_return block.error();
    co_return *block && (*block)->hash == hash;
}

Task<Result<std::vector<JobId>>> JobIndex::seen_since(std::uint64_t block) {
    auto work = [this, block] { return list_.seen_since(block); };
    auto looking = pool_.run(std::move(work));
    co_return co_await std::move(looking);
}

/// In commits of bounded size, the last of which moves the position to `end`. `trusted`: the latest block of the
/// earlier reads is still on the chain. While a reorganisation during the reads cannot be excluded, that block is kept,
/// which makes the next call read the same JOBs again.
Task<Result<void>> JobIndex::read_again(std::set<JobId> jobs, std::optional<chain::Block> end, bool trusted) {
    std::optional<chain::Block> head;
    bool consistent = true;
    if (trusted && position_.head_block > position_.block)
        head = chain::Block{position_.head_block, position_.head_hash, 0};
    auto next = jobs.begin();
    do {
        std::vector<JobId> some;
        for (; next != jobs.end() && some.size() < jobs_per_commit; ++next) some.push_back(*next);
        const bool last = next == jobs.end();
        storage::ListUpdate update;
        update.position = position_;
        if (!some.empty()) {
            auto reading = read_jobs(executor_, chain_, std::move(some));
            auto read = co_await std::move(reading);
            if (read.has_error()) co_return read.error();
            const auto latest = co_await chain_.latest_block();
            if (latest.has_error()) co_return latest.error();
            if (head && head->number > position_.block) {
                const auto canonical = co_await is_canonical(head->number, head->hash);
                if (canonical.has_error()) co_return canonical.error();
                consistent = consistent && *canonical;
            }
            head = *latest;
            update.read = std::move(read->found);
            update.gone = std::move(read->absent);
            for (auto& job : update.read) job.seen_block = std::max(latest->number, end ? end->number : 0);
        }
        if (head && consistent && (trusted || last)) {
            update.position.head_block = head->number;
            update.position.head_hash = head->hash;
        }
        if (last && end) {
            update.position.cursor = follower_->cursor();
            update.position.block = end->number;
            update.position.block_unix_s = end->timestamp_unix_s;
        }
        auto committing = commit(std::move(update));
        const auto committed = co_await std::move(committing);
        if (committed.has_error()) co_return committed;
    } while (next != jobs.end());
    co_return Result<void>{};
}

Task<Result<void>> JobIndex::commit(storage::ListUpdate update) {
    auto work = [this, &update] { return list_.apply(update); };
    auto applying = pool_.run(std::move(work));
    const auto changes = co_await std::move(applying);
    if (changes.has_error()) co_return changes.error();
    position_ = update.position;
    if (!changes->jobs.empty() || !changes->lookups.empty()) changed_(*changes);
    co_return Result<void>{};
}

}  // namespace emeth::network
