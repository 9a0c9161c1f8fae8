#include "node/market/refusal_counts.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace emeth::node {

std::string without_numbers(const std::string& reason) {
    std::string shape;
    for (const char c : reason)
        if (c < '0' || c > '9') shape += c;
    return shape;
}

std::vector<RefusalCount> count_refusals(const std::vector<storage::RefusedJob>& refusals) {
    std::map<JobId, const storage::RefusedJob*> last_of;
    for (const storage::RefusedJob& refusal : refusals) last_of[refusal.id] = &refusal;
    std::map<std::string, RefusalCount> by_shape;
    for (const auto& [id, refusal] : last_of) {
        RefusalCount& count = by_shape[without_numbers(refusal->reason)];
        ++count.jobs;
        if (count.reason.empty() || refusal->at_unix_ms > count.newest_at_unix_ms) {
            count.reason = refusal->reason;
            count.newest_at_unix_ms = refusal->at_unix_ms;
        }
    }
    std::vector<RefusalCount> counts;
    for (auto& [shape, count] : by_shape) counts.push_back(std::move(count));
    std::ranges::stable_sort(counts, std::greater<>(), &RefusalCount::jobs);
    return counts;
}

}  // namespace emeth::node
