// Reads the slots from which the share of a JOB is estimated (slot_outlook.hpp). Io thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "chain/chain.hpp"
#include "node/market/slot_outlook.hpp"
#include "runtime/clock.hpp"
#include "runtime/reminder.hpp"

namespace emeth::node {

class SlotWatch {
public:
    /// How many closed days make the usual day.
    static constexpr std::uint64_t days_back = 7;
    /// Today's gas is read again after this.
    static constexpr Milliseconds again_after{60'000};

    /// Both must outlive it. `self`: the node's wallet.
    SlotWatch(chain::Chain& chain, const Clock& clock, Address self)
        : chain_(chain), clock_(clock), self_(self), unread_(clock) {}

    /// None if the contract does not tell, which is logged: then JOBs are valued without their share.
    Task<std::optional<SlotsSeen>> look();

private:
    Task<Result<SlotsSeen>> read();

    chain::Chain& chain_;
    const Clock& clock_;
    Address self_;
    std::optional<std::uint64_t> first_;           ///< the contract's first slot
    std::map<std::uint64_t, chain::Slot> closed_;  ///< never change
    std::optional<SlotsSeen> seen_;
    std::optional<Milliseconds> looked_at_;
    Reminder unread_;
};

}  // namespace emeth::node
