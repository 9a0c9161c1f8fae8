// What a JOB's gas is expected to earn in its day's slot. Every UTC day has an amount of EMT that is shared by verified
// gas, so a JOB's share depends on what all nodes do that day, which nobody knows before: it is estimated from the day
// so far and the days before. Pure; slot_watch.hpp does the reading.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chain/chain.hpp"
#include "statemachine/types.hpp"

namespace emeth::node {

/// What is known of slots.
struct SlotsSeen {
    chain::Slot today;                ///< as of now
    std::vector<chain::Slot> closed;  ///< the days before it, since the contract's first one; in any order
};

/// What the contract pays less on each following day: floor(600 · 24 · 10^18 / 365) wei of EMT.
Wei reward_decrement();
/// EMT wei of the slot `days` after one whose reward is `reward`; never below zero.
Wei reward_after(const Wei& reward, std::uint64_t days);

/// A day's gas when it ends, the JOB in question left out.
struct DayOfGas {
    std::uint64_t slot = 0;
    Wei reward;            ///< EMT wei
    double total_gas = 0;  ///< of all nodes
    double own_gas = 0;    ///< of that, of this node
};

/// The day of `verified_at`: today's gas so far and the rest of the day at the usual rate, which is the mean of the
/// closed days or, on the contract's first day, that of the day so far (of an hour at least); a later day, the usual
/// one. None if no gas was verified yet, so that nobody can tell what the reward will be shared by.
std::optional<DayOfGas> expected_day(const SlotsSeen& seen, std::int64_t now_unix_s, std::int64_t verified_at_unix_s);

/// By how much `gas` raises what the node withdraws for the day, EMT wei:
///
///     reward · ((own + gas) / (total + gas) − own / total)
///
/// The one node of a network thus gains nothing by more gas: the reward is its own already.
Wei slot_share(const DayOfGas& day, std::uint64_t gas);

}  // namespace emeth::node
