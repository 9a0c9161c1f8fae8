// The gas that was verified on each day of a simulated market, by whom, and what it earns. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "node/market/slot_outlook.hpp"
#include "statemachine/types.hpp"

namespace emeth::simulation {

class SlotBook {
public:
    /// `first`: the first day, with this reward in EMT wei.
    SlotBook(std::int64_t first, Wei first_reward) : first_(first), first_reward_(first_reward) {}

    /// By a node that is not simulated.
    void add(std::int64_t at_unix_s, std::uint64_t gas) { days_[day_of(at_unix_s)].total_gas += gas; }
    void add(std::int64_t at_unix_s, std::uint64_t gas, std::size_t node);

    /// What the contract would tell the node now.
    [[nodiscard]] node::SlotsSeen seen_by(std::size_t node, std::int64_t now_unix_s) const;
    /// EMT that each of `nodes` nodes gets for the days from `from` to `to`.
    [[nodiscard]] std::vector<double> rewards(std::size_t nodes, std::int64_t from, std::int64_t to) const;

    static std::int64_t day_of(std::int64_t unix_s) { return unix_s / chain::slot_seconds; }

private:
    struct Day {
        std::uint64_t total_gas = 0;
        std::map<std::size_t, std::uint64_t> own_gas;  ///< by node
    };
    [[nodiscard]] Wei reward_of(std::int64_t day) const;
    [[nodiscard]] chain::Slot slot(std::int64_t day, std::size_t node) const;

    std::int64_t first_;
    Wei first_reward_;
    std::map<std::int64_t, Day> days_;
};

}  // namespace emeth::simulation
