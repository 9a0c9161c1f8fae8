#include "network/info_server/change_feed.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "runtime/race.hpp"

namespace emeth::network {

void ChangeFeed::publish(const std::vector<JobId>& jobs) {
    kept_.insert(kept_.end(), jobs.begin(), jobs.end());
    count_ += jobs.size();
    if (kept_.size() > kept_max) kept_.erase(kept_.begin(), kept_.end() - kept_max);
    if (jobs.empty()) return;
    for (Wakeup& waiter : waiters_) waiter.notify();
}

std::optional<std::vector<JobId>> ChangeFeed::since(std::uint64_t seen) const {
    const std::uint64_t missed = count_ - seen;
    if (missed > kept_.size()) return std::nullopt;
    std::vector<JobId> jobs;
    std::set<JobId> named;
    for (auto change = kept_.rbegin(); change != kept_.rbegin() + static_cast<std::ptrdiff_t>(missed); ++change)
        if (named.insert(*change).second) jobs.push_back(*change);
    std::ranges::reverse(jobs);
    return jobs;
}

Task<> ChangeFeed::wait(std::uint64_t seen, Milliseconds limit) {
    if (count_ != seen) co_return;
    struct Place {
        std::list<Wakeup>& waiters;
        std::list<Wakeup>::iterator place;
        explicit Place(ChangeFeed& feed)
            : waiters(feed.waiters_), place(waiters.emplace(waiters.end(), feed.executor_)) {}
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() { waiters.erase(place); }
    } const mine(*this);
    Task<> woken = mine.place->wait();
    Task<> time = clock_.sleep(limit);
    co_await race(std::move(woken), std::move(time));
}

}  // namespace emeth::network
