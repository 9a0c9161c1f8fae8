#include "node/pipeline/chain_facts.hpp"

#include <algorithm>

#include "chain/amount.hpp"
#include "chain/reorganisation.hpp"
#include "node/pipeline/trained_run.hpp"
#include "statemachine/delivery.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;
using chain::JobStatus;

constexpr std::int64_t slot_seconds = 86'400;

/// Only a submitted result can have a verdict; a timeout or a decline can come only before the submit.
bool can_end(JobStatus status, sm::State state) {
    if (sm::awaits_verdict(state)) return status == JobStatus::verified || status == JobStatus::failed;
    return status == JobStatus::timeout || status == JobStatus::declined;
}

bool is_deep(std::uint64_t block, const ChainView& view, std::uint64_t confirmations) {
    return block + confirmations <= view.head + 1;
}

}  // namespace

std::uint64_t first_block_to_read(const sm::Job& job) {
    const std::uint64_t process_block = job.deposit.process->block;
    return process_block > chain::reorganisation_blocks_max ? process_block - chain::reorganisation_blocks_max : 0;
}

std::optional<chain::StatusLog> find_end(const sm::Job& job, const ChainView& view, const ChainRules& rules) {
    const std::uint64_t depth = sm::awaits_verdict(job.state)
                                    ? std::max(rules.confirmations, rules.verdict_confirmations)
                                    : rules.confirmations;
    const auto found = std::ranges::find_if(view.logs, [&](const chain::StatusLog& log) {
        return is_deep(log.block, view, depth) && log.node == rules.self && can_end(log.status, job.state);
    });
    return found == view.logs.end() ? std::nullopt : std::optional(*found);
}

std::optional<Wei> loss_of(const sm::Job& job, const chain::Settlement& settlement, const Address& self) {
    const Wei& deposit = job.deposit.deposit;
    if (!settlement.received || deposit.is_zero() || job.terms.owner == self) return settlement.slashed;
    return chain::saturating_difference(deposit, *settlement.received);
}

std::optional<Fact> fact_of_end(const sm::Job& job, const chain::StatusLog& log, const EndDetails& details) {
    const sm::TxRef verdict{log.transaction, 0, log.block};
    if (log.status == JobStatus::verified)
        return sm::Verified{verdict, details.gas, static_cast<std::uint64_t>(details.at_unix_s / slot_seconds),
                            details.paid};
    if (log.status == JobStatus::timeout) return sm::TimedOut{verdict, details.penalty, details.at_unix_s};
    if (log.status == JobStatus::failed) return sm::ResultRejected{verdict, details.penalty, details.reason};
    if (!job.outcome.decline_reason.empty() || job.outcome.submit) return std::nullopt;
    return sm::DeclineDecided{"the contract shows that this wallet declined it outside of this program"};
}

std::optional<chain::StatusLog> find_submit(const ChainView& view, const Address& self) {
    const auto submit = std::find_if(view.logs.rbegin(), view.logs.rend(), [&](const chain::StatusLog& log) {
        return log.status == JobStatus::submitted && log.node == self;
    });
    return submit == view.logs.rend() ? std::nullopt : std::optional(*submit);
}

std::optional<Fact> find_draw(const sm::Job& job, const ChainView& view, const ChainRules& rules) {
    if (!sm::awaits_verdict(job.state) || !job.training.artifact) return std::nullopt;
    const std::optional<chain::StatusLog> submit = find_submit(view, rules.self);
    if (!submit || !is_deep(submit->block, view, rules.confirmations) || job.evidence.block_hash == submit->block_hash)
        return std::nullopt;
    return sm::EvidenceDrawn{submit->block_hash,
                             trainer_protocol::draw_segments(job.terms.id, submit->block_hash,
                                                             segments_of_run(job, rules.network), rules.network.draws)};
}

std::vector<ConfirmedTx> confirmed_transactions(const sm::Job& job) {
    std::vector<ConfirmedTx> confirmed{{sm::ChainFact::process, *job.deposit.process}};
    if (sm::awaits_verdict(job.state) && job.outcome.submit)
        confirmed.push_back({sm::ChainFact::submit, *job.outcome.submit});
    return confirmed;
}

bool tells_of(const std::vector<chain::StatusLog>& logs, const std::vector<Hash256>& variants) {
    return std::ranges::any_of(logs, [&](const chain::StatusLog& log) {
        return std::ranges::find(variants, log.transaction) != variants.end();
    });
}

}  // namespace emeth::node
