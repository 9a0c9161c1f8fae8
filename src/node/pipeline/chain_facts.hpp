// What the contract's logs say of a JOB that holds a deposit: that it ended, which segments its submit drew, and which
// confirmed transactions they no longer show. Pure: logs and head in, facts out; ChainWatch fetches and asks further.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chain/chain.hpp"
#include "node/pipeline/job_journal.hpp"
#include "statemachine/job.hpp"

namespace emeth::node {

/// The chain as one look shows it.
struct ChainView {
    std::uint64_t head = 0;              ///< number of the latest block
    std::vector<chain::StatusLog> logs;  ///< of this JOB, from first_block_to_read() on, oldest first
};

struct ChainRules {
    Address self;                     ///< the node's wallet
    std::uint64_t confirmations = 1;  ///< depth at which a log counts; 1: mined
    std::uint32_t draws = 0;          ///< segments that a submit's block draws beside the first
};

/// A reorganised process may come back in an earlier block than before. The JOB's process must be on record.
std::uint64_t first_block_to_read(const statemachine::Job& job);

/// The first log that is deep enough, of this node, and of a kind that can end the JOB in its state.
std::optional<chain::StatusLog> find_end(const statemachine::Job& job, const ChainView& view, const ChainRules& rules);

/// What a log of find_end() takes from the contract beside itself.
struct EndDetails {
    Wei penalty;                          ///< TIMEOUT and FAILED: what this node lost, EMT wei
    std::uint64_t gas = 0;                ///< VERIFIED: credited gas
    std::int64_t verified_at_unix_s = 0;  ///< VERIFIED
};

/// None where the log is no news: a decline of this program is seen by its own step, and one that was sent by another
/// program waits while a submit is in flight, which reverts first.
std::optional<Fact> fact_of_end(const statemachine::Job& job, const chain::StatusLog& log, const EndDetails& details);

/// The segments that the block draws in which the submit stands now; none while these are on record. A submit may
/// change its block unseen, when a reorganisation takes it along.
std::optional<Fact> find_draw(const statemachine::Job& job, const ChainView& view, const ChainRules& rules);

/// A transaction that counted as confirmed, and the fact that rests on it.
struct ConfirmedTx {
    statemachine::ChainFact fact = statemachine::ChainFact::process;
    statemachine::TxRef tx;
};
/// In the order in which a reorganisation takes them back.
std::vector<ConfirmedTx> confirmed_transactions(const statemachine::Job& job);

/// Whether a log stems from one of these variants of a transaction.
bool tells_of(const std::vector<chain::StatusLog>& logs, const std::vector<Hash256>& variants);

}  // namespace emeth::node
