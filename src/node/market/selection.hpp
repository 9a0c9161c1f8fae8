// The market decides which JOBs are worth a deposit. This room reads what is on offer (info server, chain, Storage API)
// and the state of the node, and says for each JOB whether it is chosen, or refused and why; it ranks what is chosen by
// the configured priority and hands over the best. Only what serves this decision belongs here: pipeline/ drives what
// is taken, and workers/ decides who trains it.
//
// This header: the decision on one JOB, a pure function with a recorded reason for every refusal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api_client/listed_job.hpp"
#include "chain/chain.hpp"
#include "node/market/expected_value.hpp"
#include "node/market/filters.hpp"
#include "node/market/finish_estimate.hpp"
#include "node/market/payout.hpp"
#include "node/market/priority.hpp"
#include "node/market/refused.hpp"
#include "node/market/track_record.hpp"
#include "statemachine/job.hpp"
#include "trainer_protocol/messages.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

/// The operator's preferences; the settings of node/core/config.cpp.
struct SelectionPolicy : Filters {
    trainer_protocol::NetworkRules rules;
    std::int64_t deadline_margin_s = trainer_protocol::deadline_margin_default_s;
    std::uint64_t disk_reserve_bytes = 250'000'000;  ///< left free on the disk of the master's own folder
    /// Not a setting: non-zero if workers share the master's disk, since a JOB's states then count there, too.
    std::uint64_t disk_bytes_per_dataset_byte = 0;
    PriorityList priority{priorities().front()};
    Wei reserve_emt, reserve_alt;  ///< what the wallet keeps whatever is on offer, wei
    /// The contract's standing allowance, EMT wei; none: each deposit is approved by itself.
    std::optional<Wei> allowance_cap;
    Wei shortfall_max;           ///< what a verified JOB may bring less than the rules say, EMT wei
    Wei emt_per_alt;             ///< EMT wei that one ALT of gas money is worth; 0: gas is not converted
    Wei emt_per_kwh;             ///< EMT wei that a kWh costs; 0: electricity is not counted
    std::uint64_t watts = 0;     ///< of each worker that trains; 0: what its machine measured counts
    bool cooperative = false;    ///< several workers may train a JOB that one alone would finish too late
    Chance miss_rate = 1'000;    ///< assumed share of deadlines missed, before anything was seen
    Chance reject_rate = 1'000;  ///< assumed share of results rejected, before anything was seen
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
    /// The balances without the reserves, and without the deposits whose process is still in flight and the gas of
    /// transactions that the JOBs under way still need.
    Wei emt_free, alt_free;
    Wei gas_price;  ///< ALT wei per chain gas, as a transaction signed now would offer it at most
    std::uint64_t disk_free_bytes = 0;
    chain::Constants constants;
    std::optional<Payout> short_payout;  ///< of a recent JOB that was verified and paid less than the rules say
    std::optional<SlotsSeen> slots;      ///< none: not known
    TrackRecord track;
};

struct Chosen {
    statemachine::Terms terms;  ///< with the team that it takes
    trainer_protocol::JobSpec spec;
    Wei deposit;
    std::int64_t finish_estimate_s = 0;  ///< of that team
    ExpectedValue value;                 ///< less what the contract will keep
    bool is_preferred = false;
};

using Assessment = std::variant<Chosen, Refused>;

/// Never throws, whatever the input.
Assessment select(const Candidate& candidate, const NodeView& view, const SelectionPolicy& policy);
/// What the expected value is made of, also of a JOB that is refused. None: there is no finish estimate for it, since
/// its param does not parse or no idle worker could train it.
std::optional<ValueBasis> value_basis_of(const Candidate& candidate, const NodeView& view,
                                         const SelectionPolicy& policy);

/// The values that a priority ranks it by.
Prospect prospect_of(const Chosen& chosen);
/// The same by the info server's word, before the JOB is looked at: only for the order of looking. An offer tells
/// neither preset nor epochs, so the network's defaults stand for them; and they are only computed where the priorities
/// look at them.
Prospect prospect_of(const api_client::JobOffer& offer, const NodeView& view, const SelectionPolicy& policy);

/// " (reserve_emt keeps 5 EMT)", for sentences about what is at hand; empty without a reserve.
std::string reserve_text(std::string_view key, const Wei& reserve, std::string_view coin);

/// " by a team of 3", for sentences about a JOB; empty for one worker.
std::string team_text(std::uint32_t workers);

/// Deducts what was taken (the workers, the deposit and gas money) from what is available to the next JOB. `chosen` was
/// selected for this `view`.
void reserve(NodeView& view, const Chosen& chosen);

}  // namespace emeth::node
