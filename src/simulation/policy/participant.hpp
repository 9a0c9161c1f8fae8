// A node in a simulated market: what it has, what it thinks of the open JOBs, and which of them it would take.
//
// What makes a market of a thousand nodes quick is here: a node goes over its own list of open JOBs, and judges again
// only what a second look might find to be otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "node/market/selection.hpp"
#include "simulation/policy/market.hpp"
#include "simulation/policy/open_jobs.hpp"
#include "simulation/policy/slot_book.hpp"

namespace emeth::simulation {

/// Of a node on an open JOB.
struct Opinion {
    std::size_t job = 0;
    std::int64_t next_look_ms = 0;
    /// Why it refused the JOB when it first looked; none: it did not, or had no idle worker while there was time.
    std::optional<node::Ground> first_refusal{};
    bool has_refused = false;
    /// It stands until this node's workers have changed so often; 0: it is to be judged at the next look.
    std::uint64_t stands_until_change = 0;
};

struct Participant {
    Participant(const MarketNode& node, const MarketRules& rules, std::size_t number);

    [[nodiscard]] bool is_looking() const { return view.workers_free > 0; }
    /// The JOB is its own now, or another node's: it does not look at it any more. Precondition: it has an opinion on
    /// it.
    void keep(std::size_t job);
    void begin_work(std::size_t worker, const JobId& job);
    void end_work(std::size_t worker);

    const MarketNode& setup;
    std::size_t number;
    Address wallet;
    node::NodeView view;
    MarketOutcome outcome;
    bool look_is_due = false;
    std::vector<Opinion> opinions;  ///< on open JOBs, and on some that were; in the order of their arrival
    std::size_t jobs_seen = 0;      ///< of the stream
    std::uint64_t next_change = 1;  ///< of which of its workers are idle
};

struct Found {
    std::vector<std::size_t> best_first;  ///< the JOBs that it would take
    bool any_refused = false;             ///< only for the moment, so that a second look is due
    bool any_left = false;                ///< for the next round, since this one had no room for it
};

/// Why it refused the JOB, if it did.
void add_refusal(std::vector<std::optional<node::Ground>>& grounds, const Participant& node, std::size_t job);

/// What the node finds when it looks at the open JOBs now.
Found look(Participant& node, const OpenJobs& open, const SlotBook& slots, std::int64_t now_ms);

}  // namespace emeth::simulation
