#include "node/workers/sick_list.hpp"

#include <algorithm>

#include "runtime/retry_policy.hpp"

namespace emeth::node {

Milliseconds SickList::lease_failed(const Address& worker, bool counts, Milliseconds now) {
    constexpr RetryPolicy rests{first_rest, 2, longest_rest, 0};
    Entry& entry = entries_[worker];
    const auto rest = counts ? backoff(++entry.failures, rests, 0) : short_rest;
    entry.until = std::max(entry.until, now + rest);
    return rest;
}

Milliseconds SickList::rest_left(const Address& worker, Milliseconds now) const {
    const auto found = entries_.find(worker);
    return found == entries_.end() ? Milliseconds::zero() : std::max(Milliseconds::zero(), found->second.until - now);
}

}  // namespace emeth::node
