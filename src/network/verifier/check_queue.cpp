#include "network/verifier/check_queue.hpp"

#include <algorithm>
#include <vector>

namespace emeth::network {

void CheckQueue::wait(const JobId& job, CheckCost cost, Milliseconds now) {
    const auto [entry, is_new] = entries_.try_emplace(job, Entry{now, cost, Stage::waiting});
    if (is_new || entry->second.stage != Stage::away) return;
    entry->second = {now, cost, Stage::waiting};
}

std::optional<JobId> CheckQueue::start_next(Milliseconds now) {
    if (running() >= budget_.checks_max) return std::nullopt;
    std::vector<std::pair<Milliseconds, JobId>> order;
    for (const auto& [job, entry] : entries_)
        if (entry.stage == Stage::waiting) order.emplace_back(entry.since + entry.cost.duration, job);
    std::ranges::sort(order);
    for (const auto& [place, job] : order) {
        Entry& entry = entries_.at(job);
        if (fits(entry.cost)) {
            entry.stage = Stage::running;
            return job;
        }
        if (now - entry.since >= passed_by_max) break;
    }
    return std::nullopt;
}

void CheckQueue::ended(const JobId& job) {
    if (const auto entry = entries_.find(job); entry != entries_.end()) entry->second.stage = Stage::away;
}

bool CheckQueue::is_waiting(const JobId& job) const {
    const auto entry = entries_.find(job);
    return entry != entries_.end() && entry->second.stage == Stage::waiting;
}

std::size_t CheckQueue::running() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(entries_, [](const auto& entry) { return entry.second.stage == Stage::running; }));
}

bool CheckQueue::fits(const CheckCost& cost) const {
    std::uint64_t left = budget_.memory_bytes;
    bool is_alone = true;
    for (const auto& [job, entry] : entries_) {
        if (entry.stage != Stage::running) continue;
        is_alone = false;
        left -= std::min(left, entry.cost.memory_bytes);
    }
    return is_alone || cost.memory_bytes <= left;
}

}  // namespace emeth::network
