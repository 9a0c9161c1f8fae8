// What the contract's logs say about a JOB that holds a deposit: whether it has ended, which segments were drawn for
// its submit, and which confirmed transactions the logs no longer show. Pure: logs and head in, facts out; ChainWatch
// does the fetching and any further queries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "node/pipeline/job_journal.hpp"
#include "statemachine/job.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

/// A snapshot of the chain from one poll.
struct ChainView {
    std::uint64_t head = 0;              ///< number of the latest block
    std::vector<chain::StatusLog> logs;  ///< of this JOB, from first_block_to_read() on, oldest first
};

struct ChainRules {
    Address self;                            ///< the node's wallet
    std::uint64_t confirmations = 1;         ///< depth at which a log counts; 1: mined
    trainer_protocol::NetworkRules network;  ///< by which a submit's block draws segments
    /// Depth at which a verdict counts, if that is more. With it the JOB's files go, while a deeper reorganisation may
    /// take back verdict and submit, whose next block draws other segments.
    std::uint64_t verdict_confirmations = 1;
};

/// After a reorganisation the process transaction may be mined in an earlier block than before. The JOB must have a
/// process transaction on record.
std::uint64_t first_block_to_read(const statemachine::Job& job);

/// The first log that is deep enough, belongs to this node, and is of a kind that can end the JOB in its current state.
std::optional<chain::StatusLog> find_end(const statemachine::Job& job, const ChainView& view, const ChainRules& rules);

/// What the contract must be asked for in addition to a log from find_end().
struct EndDetails {
    std::optional<Wei> penalty;  ///< TIMEOUT and FAILED: what this node lost, EMT wei; none: unknown
    std::uint64_t gas = 0;       ///< VERIFIED: credited gas
    std::int64_t at_unix_s = 0;  ///< chain time of the verdict
    std::optional<Wei> paid{};   ///< VERIFIED: what it brought this node, EMT wei; none: unknown
    std::string reason{};        ///< FAILED: the verifier's; empty: unknown
};

/// What the node lost of its deposit by a transaction that ended the JOB, EMT wei; none: its receipt does not show it.
/// Of a JOB of its own, the fee comes back by the same transaction, so the transfers do not tell.
std::optional<Wei> loss_of(const statemachine::Job& job, const chain::Settlement& settlement, const Address& self);

/// None if there is nothing to report: a decline by this program is observed by its own step, and one sent by another
/// program is held back while a submit is in flight, since that submit reverts first.
std::optional<Fact> fact_of_end(const statemachine::Job& job, const chain::StatusLog& log, const EndDetails& details);

/// The newest submit of this node that the logs show, however deep; none: they show none.
std::optional<chain::StatusLog> find_submit(const ChainView& view, const Address& self);

/// The segments drawn by the block that now holds the submit; none if they are already on record. A reorganisation may
/// move the submit to another block unnoticed.
std::optional<Fact> find_draw(const statemachine::Job& job, const ChainView& view, const ChainRules& rules);

/// A transaction that counted as confirmed, and the fact that depends on it.
struct ConfirmedTx {
    statemachine::ChainFact fact = statemachine::ChainFact::process;
    statemachine::TxRef tx;
};
/// In the order in which a reorganisation undoes them.
std::vector<ConfirmedTx> confirmed_transactions(const statemachine::Job& job);

/// Whether any of the logs was emitted by one of these variants of a transaction.
bool tells_of(const std::vector<chain::StatusLog>& logs, const std::vector<Hash256>& variants);

}  // namespace emeth::node
