// The market decides which JOBs are worth a deposit. This room reads what is on offer (info server, chain, Storage API)
// and the state of the node, and says for each JOB whether it is chosen, or refused and why; it ranks what is chosen by
// the configured priority and hands over the best. Only what serves this decision belongs here: pipeline/ drives what
// is taken, and workers/ decides who trains it.
//
// This header: the decision on one JOB, a pure function with a recorded reason for every refusal.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chain/chain.hpp"
#include "node/market/finish_estimate.hpp"
#include "node/market/payout.hpp"
#include "node/market/priority.hpp"
#include "statemachine/job.hpp"
#include "trainer_protocol/messages.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

/// Published clients skip smaller datasets, too.
using trainer_protocol::dataset_bytes_min;

/// The operator's preferences; the settings of node/core/config.cpp.
struct SelectionPolicy {
    Wei min_fee, max_fee;  ///< EMT wei
    std::set<std::uint64_t> program_ids{0};
    trainer_protocol::NetworkRules rules;
    std::int64_t deadline_margin_s = trainer_protocol::deadline_margin_default_s;
    std::uint64_t dataset_bytes_max = 10'000'000'000;
    std::uint64_t disk_reserve_bytes = 250'000'000;  ///< left free on the disk of the master's own folder
    /// Not a setting: non-zero if workers share the master's disk, since a JOB's states then count there, too.
    std::uint64_t disk_bytes_per_dataset_byte = 0;
    Priority priority = priorities().front();
    Wei shortfall_max;                  ///< what a verified JOB may bring less than the rules say, EMT wei
    Wei emt_per_alt;                    ///< EMT wei that one ALT of gas money is worth; 0: gas is not converted
    bool cooperative = false;           ///< one JOB at a time, which all workers train together
    std::uint64_t miss_rate = 1'000;    ///< assumed share of deadlines missed, in units of 1/100000
    std::uint64_t reject_rate = 1'000;  ///< assumed share of results rejected, in units of 1/100000
};

/// A JOB as the chain and the Storage API show it now.
struct Candidate {
    JobId id;
    chain::JobRecord record;
    chain::JobDetails details;
    std::uint64_t dataset_bytes = 0;
    std::uint64_t gas = 0;  ///< of the contract's cost model, not chain gas
};

/// The node as it is now.
struct NodeView {
    std::int64_t chain_now_unix_s = 0;
    std::vector<WorkerInfo> workers;
    std::size_t workers_free = 0;  ///< fit, idle and not claimed by a JOB that waits for a worker
    Wei emt_free;                  ///< balance without the deposits whose process is still in flight
    Wei alt_free;                  ///< balance without the gas of transactions that the JOBs under way still need
    Wei gas_price;                 ///< ALT wei per chain gas, as a transaction signed now would offer it at most
    std::uint64_t disk_free_bytes = 0;
    chain::Constants constants;
    std::optional<Payout> short_payout;  ///< of a recent JOB that was verified and paid less than the rules say
};

struct Chosen {
    statemachine::Terms terms;
    trainer_protocol::JobSpec spec;
    Wei deposit;
    std::int64_t finish_estimate_s = 0;
    Wei expected_value;  ///< by the rules, EMT wei
    Wei shortfall;       ///< what the contract will pay less than that, EMT wei
};

struct Refused {
    std::string reason;    ///< one sentence with the numbers
    bool lasting = false;  ///< the JOB itself is unfit: waiting will not change that
};

using Assessment = std::variant<Chosen, Refused>;

/// Never throws, whatever the input.
Assessment select(const Candidate& candidate, const NodeView& view, const SelectionPolicy& policy);

/// The values that a priority ranks it by.
Prospect prospect_of(const Chosen& chosen);

/// Deducts what was taken (a worker, the deposit and gas money) from what is available to the next JOB. `chosen` was
/// selected for this `view`.
void reserve(NodeView& view, const Chosen& chosen);

/// What the JOB is expected to bring, less what the contract keeps: EMT with four decimals, for people: "9.8000".
std::string value_text(const Chosen& chosen);

}  // namespace emeth::node
