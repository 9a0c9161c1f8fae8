// What a node is at one moment: its JOBs, its money, its workers, and how its servers answer. This room computes it,
// once; the admin socket and what people look at are views of it, so that they cannot disagree. It reads what the other
// rooms know, and decides nothing.
//
// This header: the snapshot and how it is made. Pure. snapshot_json.hpp is its form for machines, network_pulse.hpp
// the part of it that must be asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "node/money/income.hpp"
#include "node/pipeline/progress_board.hpp"
#include "node/workers/worker_info.hpp"
#include "statemachine/job.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

/// How a server answered when it was last asked.
struct ServerStatus {
    std::string name;     ///< "chain", "info server", "Storage API"
    std::string trouble;  ///< empty: it answered
    Milliseconds latency{0};
    std::optional<std::int64_t> answered_at_unix_ms{};  ///< when it last answered; none: not yet
};

/// What the network said when it was last asked.
struct NetworkStatus {
    std::int64_t asked_at_unix_ms = 0;
    std::vector<ServerStatus> servers;
    std::optional<chain::Block> head;
    std::optional<Wei> emt_free;        ///< balance less the deposits that are about to be locked
    std::optional<Wei> alt_free;        ///< balance less the gas money of JOBs under way
    std::optional<Wei> emt_needed;      ///< for the smallest deposit that the settings allow
    std::optional<Wei> alt_needed;      ///< for the transactions of one more JOB
    std::optional<chain::Slot> today;   ///< this UTC day's slot, as far as it has come
    std::vector<std::string> warnings;  ///< what keeps the node from taking any JOB; each a sentence
};

struct JobSnapshot {
    JobId id;
    statemachine::State state{};
    std::string why;                               ///< what it does, or waits for
    std::string next;                              ///< what is done next, and when
    std::optional<std::int64_t> retry_at_unix_ms;  ///< none: it waits out no back-off
    Wei fee, deposit;                              ///< EMT wei; the deposit is 0 until it is confirmed
    /// What its signed transaction locks: perhaps it is mined already. None: it is confirmed, or not signed.
    std::optional<Wei> deposit_in_flight;
    /// What a missed deadline costs, once submitted a rejection, EMT wei. None: the contract's rates are not known.
    std::optional<Wei> at_risk;
    /// What declining it now costs, EMT wei. None: it cannot be declined any more, or the rates are not known.
    std::optional<Wei> decline_price;
    std::uint64_t dataset_bytes = 0;
    std::int64_t deadline_unix_s = 0;
    std::int64_t left_s = 0;  ///< until the deadline; negative: it has passed
    /// Until the submit. None: it is submitted, or there is no worker whose speed would be known.
    std::optional<std::int64_t> finish_estimate_s;
    /// To be trained in time, from 0 to 1. None: it does not train, or not long enough to tell (chance.hpp).
    std::optional<double> chance;
    std::string danger;  ///< why it may miss its deadline; empty: it is not in danger
    std::uint32_t restarts = 0;
    std::optional<Address> worker;
    std::uint64_t lease = 0;  ///< the worker's
    std::optional<worker_protocol::Progress> progress;
    std::int64_t heard_s = 0;  ///< how long ago that came
};

struct Snapshot {
    std::int64_t at_unix_ms = 0;
    bool has_master = false;  ///< false: from the store, as the last master left it
    bool is_drained = false;  ///< it takes no new JOB
    Address wallet;
    Wei locked;                     ///< of all JOBs, EMT wei
    std::optional<Wei> at_risk;     ///< the same
    std::vector<JobSnapshot> jobs;  ///< active ones, the most endangered first
    std::vector<WorkerInfo> workers;
    std::vector<DayOfIncome> days;         ///< the last week, today first
    std::optional<NetworkStatus> network;  ///< none: nobody has asked it yet
};

/// How many days a snapshot shows.
inline constexpr std::size_t days_shown = 7;

/// What is known of a node.
struct SnapshotSources {
    std::int64_t now_unix_ms = 0;
    Milliseconds now{0};  ///< monotonic
    bool has_master = false;
    Address wallet;
    chain::Constants constants;
    trainer_protocol::NetworkRules rules;
    bool is_drained = false;
    std::vector<statemachine::Job> active;
    std::vector<DayOfIncome> days;
    std::vector<WorkerInfo> workers;
    const ProgressBoard& progress;
    std::optional<NetworkStatus> network;
    std::uint64_t confirmations = 1, verdict_confirmations = 1;
};
Snapshot make_snapshot(SnapshotSources sources);

/// What the gas of this node in a slot is worth, EMT wei; of today's, if nobody verified any more. None: it has none.
std::optional<Wei> expected_reward(const chain::Slot& slot);

}  // namespace emeth::node
