#include "network/verifier/check_queue.hpp"

#include <algorithm>
#include <utility>

namespace emeth::network {

void CheckQueue::wait(const JobId& job, CheckCost cost, Milliseconds now) {
    entries_.try_emplace(job, Entry{now, cost});
}

std::optional<JobId> CheckQueue::start_next(Milliseconds now) {
    if (running() >= budget_.checks_max) return std::nullopt;
    std::vector<std::pair<Milliseconds, JobId>> order;
    for (const auto& [job, entry] : entries_)
        if (!entry.is_running) order.emplace_back(entry.since + entry.cost.duration, job);
    std::ranges::sort(order);
    for (const auto& [place, job] : order) {
        Entry& entry = entries_.at(job);
        if (fits(entry.cost)) {
            entry.is_running = true;
            entry.started_at = now;
            return job;
        }
        if (now - entry.since >= passed_by_max) break;
    }
    return std::nullopt;
}

bool CheckQueue::is_waiting(const JobId& job) const {
    const auto entry = entries_.find(job);
    return entry != entries_.end() && !entry->second.is_running;
}

std::size_t CheckQueue::running() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(entries_, [](const auto& entry) { return entry.second.is_running; }));
}

std::vector<CheckQueue::Turn> CheckQueue::turns() const {
    std::vector<Turn> turns;
    for (const auto& [job, entry] : entries_)
        turns.push_back({job, entry.is_running, entry.is_running ? entry.started_at : entry.since});
    std::ranges::sort(turns, {}, [](const Turn& turn) { return std::pair(!turn.is_running, turn.since); });
    return turns;
}

bool CheckQueue::fits(const CheckCost& cost) const {
    std::uint64_t left = budget_.memory_bytes;
    bool is_alone = true;
    for (const auto& [job, entry] : entries_) {
        if (!entry.is_running) continue;
        is_alone = false;
        left -= std::min(left, entry.cost.memory_bytes);
    }
    return is_alone || cost.memory_bytes <= left;
}

}  // namespace emeth::network
