#include "node/market/slot_watch.hpp"

#include <fmt/format.h>

#include <utility>

#include "runtime/log.hpp"

namespace emeth::node {

Task<std::optional<SlotsSeen>> SlotWatch::look() {
    const Milliseconds now = clock_.monotonic();
    if (looked_at_ && now - *looked_at_ < again_after) co_return seen_;
    Result<SlotsSeen> seen = co_await read();
    looked_at_ = now;
    if (seen.has_error()) {
        seen_.reset();
        if (unread_.is_due("slots"))
            spdlog::warn("JOBs are valued without their share of the day's EMT: {}", seen.error().message);
    } else {
        if (unread_.ended()) spdlog::info("JOBs are valued with their share of the day's EMT again");
        seen_ = *std::move(seen);
    }
    co_return seen_;
}

/// A slot that closed a moment ago may yet be reopened by a reorganisation: then its gas is off by a JOB or two until
/// the next start, which an estimate can bear.
Task<Result<SlotsSeen>> SlotWatch::read() {
    if (!first_) {
        const Result<std::uint64_t> first = co_await chain_.start_slot();
        if (first.has_error()) co_return first.error();
        first_ = *first;
    }
    const Result<std::uint64_t> today = co_await chain_.current_slot();
    if (today.has_error()) co_return today.error();
    std::map<std::uint64_t, chain::Slot> closed;
    for (std::uint64_t back = 1; back <= days_back && back <= *today && *today - back >= *first_; ++back) {
        const std::uint64_t number = *today - back;
        if (const auto known = closed_.find(number); known != closed_.end()) {
            closed.insert(*known);
            continue;
        }
        const Result<chain::Slot> slot = co_await chain_.slot(number, self_);
        if (slot.has_error()) co_return slot.error();
        closed.emplace(number, *slot);
    }
    closed_ = std::move(closed);
    const Result<chain::Slot> slot = co_await chain_.slot(*today, self_);
    if (slot.has_error()) co_return slot.error();
    if (slot->reward.is_zero())
        co_return permanent_error(fmt::format("the contract tells no reward of slot {}", slot->number));
    SlotsSeen seen{*slot, {}};
    for (const auto& [number, day] : closed_) seen.closed.push_back(day);
    co_return seen;
}

}  // namespace emeth::node
