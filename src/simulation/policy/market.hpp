// A market of nodes that choose among the JOBs of a stream, in virtual time, on the node's own code: select(), rank()
// and assign() decide as they do in a master, on what a master would see.
//
// What is simulated is the money, not the machine: a JOB that a node chooses is claimed in the next block, where one of
// several claims wins and the others cost gas; it then takes its finish estimate times a random factor, is verified,
// rejected or late, and frees its worker. At the end of each UTC day its EMT is shared by verified gas.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "node/market/selection.hpp"
#include "simulation/policy/job_stream.hpp"

namespace emeth::simulation {

/// A node that takes part.
struct MarketNode {
    std::string name;
    node::SelectionPolicy policy;        ///< not cooperative: each JOB is trained by one worker
    std::vector<std::uint64_t> workers;  ///< the powerCapacity of each
    Wei emt;                             ///< at the beginning, EMT wei
};

/// The world around the nodes.
struct MarketRules {
    std::uint64_t seed = 1;
    chain::Constants constants;
    std::int64_t block_s = 2;
    std::int64_t discovery_s = 5;      ///< between two looks of a node
    std::int64_t verifier_lag_s = 60;  ///< until a late JOB is timed out
    double time_deviation = 0.1;       ///< of the logarithm of a JOB's time against its estimate
    double reject_share = 0.005;       ///< of results
    /// Nodes that are not simulated: after how long on average one of them takes an open JOB; 0: there are none.
    double others_take_after_s = 0;
    std::int64_t warm_up_days = 0;     ///< of the beginning, which are not counted: nothing was under way before
    Wei first_reward;                  ///< of the first day's slot, EMT wei
    Wei gas_price;                     ///< ALT wei
    std::uint64_t race_chain_gas = 0;  ///< that a claim which comes too late costs
    /// After so long, other nodes see a claim in the pool, and leave the JOB alone; none: they look only at what is
    /// mined.
    std::optional<std::int64_t> pool_seen_after_ms = 500;
    bool equals_are_spread = true;  ///< each node has an order of its own of JOBs that are equal by its priority
};

/// How a node fared. Amounts are in EMT, as near as a double comes.
struct MarketOutcome {
    std::string name;
    std::uint64_t claimed = 0, races_lost = 0, verified = 0, missed = 0, rejected = 0;
    double fees = 0;       ///< less the verifier's
    double rewards = 0;    ///< of slots
    double penalties = 0;  ///< with the verifier's fee of rejected results
    double race_gas = 0;   ///< ALT
    double busy_s = 0, worker_s = 0;

    [[nodiscard]] double earned() const { return fees + rewards - penalties; }
    [[nodiscard]] double use() const { return worker_s > 0 ? busy_s / worker_s : 0; }
};

/// Where the network stood still.
struct Standstill {
    std::uint64_t jobs = 0, never_taken = 0;  ///< that arrived; of those, that nobody took by their deadlines
    /// Of those that nobody took, how many the nodes with an idle worker refused mostly for this; none: no worker was
    /// idle when they were to be taken.
    std::map<std::optional<node::Ground>, std::uint64_t> mostly;
    double watched_s = 0;
    double waiting_s = 0;                       ///< of that, in which JOBs were open while workers idled
    double jobs_waiting = 0, workers_idle = 0;  ///< then, on average

    [[nodiscard]] double share() const { return watched_s > 0 ? waiting_s / watched_s : 0; }
};

struct MarketReport {
    std::vector<MarketOutcome> nodes;  ///< in the order in which they were given
    Standstill standstill;
};

/// The network's constants of PROTOCOL.md: deposits of 100%, penalties of 25%, 10 EMT for the verifier, 288,000 EMT a
/// day; 1 gwei for gas.
MarketRules published_market();

/// Runs the whole stream, and then until every JOB that was taken has ended. Deterministic. `passed` may be null; it is
/// told how many JOBs have arrived, at most every 1,000.
MarketReport run_market(const JobStream& stream, const std::vector<MarketNode>& nodes, const MarketRules& rules,
                        const std::function<void(std::uint64_t)>& passed = {});

}  // namespace emeth::simulation
