// The chain's own story of a JOB that holds a deposit: how it ends, and what a reorganisation took back.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "node/pipeline/pipeline.hpp"
#include "runtime/log.hpp"
#include "statemachine/text.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;
using chain::JobStatus;

constexpr std::int64_t slot_seconds = 86'400;
/// A reorganised transaction may come back in an earlier block than before.
constexpr std::uint64_t reorganisation_blocks_max = 64;

std::uint64_t first_block_of_interest(std::uint64_t process_block) {
    return process_block > reorganisation_blocks_max ? process_block - reorganisation_blocks_max : 0;
}

/// Whether `status` can end a JOB that stands in `state`: a verdict is on a submitted result, timeout and decline come
/// before it.
bool ends(JobStatus status, sm::State state) {
    if (state == sm::State::submitted) return status == JobStatus::verified || status == JobStatus::failed;
    return status == JobStatus::timeout || status == JobStatus::declined;
}

bool tells_of(const std::vector<chain::StatusLog>& logs, const Hash256& transaction) {
    return std::any_of(logs.begin(), logs.end(),
                       [&](const chain::StatusLog& log) { return log.transaction == transaction; });
}

}  // namespace

Task<> Pipeline::watch_chain() {
    bool healthy = true;
    for (;; co_await ports_.clock.sleep(settings_.poll_interval)) {
        if (!sm::holds_deposit(job().state) || chain_fact_) continue;
        Result<std::optional<Fact>> seen = co_await look_at_chain();
        if (seen.has_error() && healthy)
            spdlog::warn("{}: cannot look at the chain: {}; trying on", short_name(id()), seen.error().message);
        healthy = seen.has_value();
        if (!healthy || !*seen) continue;
        chain_fact_ = std::move(**seen);
        interrupted_.notify();
    }
}

Task<Result<std::optional<Pipeline::Fact>>> Pipeline::look_at_chain() {
    if (!job().deposit.process) co_return std::optional<Fact>();
    const Result<chain::Block> latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    const auto from_block = first_block_of_interest(job().deposit.process->block);
    Result<std::vector<chain::StatusLog>> logs = co_await ports_.chain.status_logs(id(), from_block);
    if (logs.has_error()) co_return logs.error();
    for (const auto& log : *logs) {
        const bool deep_enough = log.block + settings_.confirmations <= latest->number + 1;
        if (deep_enough && log.node == self() && ends(log.status, job().state)) co_return co_await end_of(log);
    }
    std::optional<Fact> draw = find_draw(*logs, latest->number);
    Result<std::optional<Fact>> taken_back = co_await find_reorganisation(std::move(*logs));
    if (taken_back.has_error() || *taken_back) co_return taken_back;
    co_return draw;
}

/// The segments that the block draws in which the submit stands now; none while they are on record. A submit may change
/// its block unseen, when a reorganisation takes it along.
std::optional<Pipeline::Fact> Pipeline::find_draw(const std::vector<chain::StatusLog>& logs, std::uint64_t head) const {
    const auto& record = job();
    if (record.state != sm::State::submitted || !record.training.artifact) return std::nullopt;
    const auto submit = std::find_if(logs.rbegin(), logs.rend(), [&](const chain::StatusLog& log) {
        return log.status == JobStatus::submitted && log.node == self();
    });
    if (submit == logs.rend() || submit->block + settings_.confirmations > head + 1 ||
        record.evidence.block_hash == submit->block_hash)
        return std::nullopt;
    const auto segments =
        trainer_protocol::segment_count(record.training.artifact->steps, record.training.artifact->epochs);
    return sm::EvidenceDrawn{
        submit->block_hash, trainer_protocol::draw_segments(id(), submit->block_hash, segments, settings_.rules.draws)};
}

Task<Result<std::optional<Pipeline::Fact>>> Pipeline::end_of(chain::StatusLog log) {
    const sm::TxRef verdict{log.transaction, 0, log.block};
    if (log.status == JobStatus::verified) {
        const Result<chain::JobAssign> assign = co_await ports_.chain.job_assign(id());
        if (assign.has_error()) co_return assign.error();
        co_return std::optional<Fact>(
            sm::Verified{verdict, assign->gas, static_cast<std::uint64_t>(assign->verified_at_unix_s / slot_seconds)});
    }
    if (log.status == JobStatus::declined) {
        // Our own decline is seen by await_decline; this one was sent by another program with our key. A submit in
        // flight reverts first.
        if (!job().outcome.decline_reason.empty() || job().outcome.submit) co_return std::optional<Fact>();
        co_return std::optional<Fact>(
            sm::DeclineDecided{"the contract shows that this wallet declined it outside of this program"});
    }
    const Result<Wei> penalty = co_await ports_.chain.penalty_of(log.transaction, self());
    if (penalty.has_error()) co_return penalty.error();
    if (log.status == JobStatus::timeout) co_return std::optional<Fact>(sm::TimedOut{verdict, *penalty});
    co_return std::optional<Fact>(sm::ResultRejected{verdict, *penalty});
}

/// What was confirmed once must still be there: the logs say so at no cost; where they do not, the receipts decide.
Task<Result<std::optional<Pipeline::Fact>>> Pipeline::find_reorganisation(std::vector<chain::StatusLog> logs) {
    const auto process = *job().deposit.process;
    const Result<bool> process_there = co_await is_on_chain(process, logs);
    if (process_there.has_error()) co_return process_there.error();
    if (!*process_there) co_return std::optional<Fact>(sm::ReorgedOut{sm::ChainFact::process});
    const auto submit = job().outcome.submit;
    if (job().state != sm::State::submitted || !submit) co_return std::optional<Fact>();
    const Result<bool> submit_there = co_await is_on_chain(*submit, std::move(logs));
    if (submit_there.has_error()) co_return submit_there.error();
    if (!*submit_there) co_return std::optional<Fact>(sm::ReorgedOut{sm::ChainFact::submit});
    co_return std::optional<Fact>();
}

/// In whichever variant: after a reorganisation it may be another one than before.
Task<Result<bool>> Pipeline::is_on_chain(sm::TxRef tx, std::vector<chain::StatusLog> logs) {
    if (tells_of(logs, tx.hash)) co_return true;
    const auto variants = co_await ports_.sender.variants(tx.nonce, tx.hash);
    if (variants.has_error()) co_return variants.error();
    if (std::any_of(variants->begin(), variants->end(),
                    [&](const Hash256& variant) { return tells_of(logs, variant); }))
        co_return true;
    const Result<std::optional<chain::Receipt>> receipt = co_await ports_.sender.receipt(tx.nonce, tx.hash);
    if (receipt.has_error()) co_return receipt.error();
    co_return receipt->has_value();
}

}  // namespace emeth::node
