#include "simulation/policy/slot_book.hpp"

#include "chain/amount.hpp"
#include "node/market/slot_watch.hpp"

namespace emeth::simulation {

void SlotBook::add(std::int64_t at_unix_s, std::uint64_t gas, std::size_t node) {
    Day& day = days_[day_of(at_unix_s)];
    day.total_gas += gas;
    day.own_gas[node] += gas;
}

Wei SlotBook::reward_of(std::int64_t day) const {
    return node::reward_after(first_reward_, static_cast<std::uint64_t>(day - first_));
}

chain::Slot SlotBook::slot(std::int64_t number, std::size_t node) const {
    chain::Slot slot;
    slot.number = static_cast<std::uint64_t>(number);
    slot.reward = reward_of(number);
    const auto day = days_.find(number);
    if (day == days_.end()) return slot;
    slot.total_gas = day->second.total_gas;
    const auto own = day->second.own_gas.find(node);
    if (own != day->second.own_gas.end()) slot.own_gas = own->second;
    return slot;
}

node::SlotsSeen SlotBook::seen_by(std::size_t node, std::int64_t now_unix_s) const {
    const std::int64_t today = day_of(now_unix_s);
    node::SlotsSeen seen{slot(today, node), {}};
    constexpr auto days_back = static_cast<std::int64_t>(node::SlotWatch::days_back);
    for (std::int64_t back = 1; back <= days_back && today - back >= first_; ++back)
        seen.closed.push_back(slot(today - back, node));
    return seen;
}

std::vector<double> SlotBook::rewards(std::size_t nodes, std::int64_t from, std::int64_t to) const {
    std::vector<double> rewards(nodes);
    for (const auto& [number, day] : days_) {
        if (number < from || number > to) continue;
        const double reward = chain::approximate_coins(reward_of(number));
        for (const auto& [node, gas] : day.own_gas)
            rewards.at(node) += reward * static_cast<double>(gas) / static_cast<double>(day.total_gas);
    }
    return rewards;
}

}  // namespace emeth::simulation
