#include "node/workers/assignment.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

namespace emeth::node {
namespace {

bool is_able(const IdleWorker& worker, const WorkerWish& wish) {
    return !why_unfit(worker.info.fitness, wish.model);
}

std::int64_t estimate_s(const WorkerWish& wish, const IdleWorker& worker) {
    return wish.estimate_s ? wish.estimate_s(worker.info) : 0;
}

/// Seconds until the deadline; none: not known.
std::optional<std::int64_t> left_s(const WorkerWish& wish, Milliseconds now) {
    if (!wish.due) return std::nullopt;
    return std::max<std::int64_t>(0, (*wish.due - now).count() / 1'000);
}

auto rank(const WorkerWish& wish, const IdleWorker& worker, Milliseconds now) {
    const bool is_preferred = wish.preferred == worker.info.address;  // the JOB's files may be what fills its disk
    const bool is_full = !is_preferred && why_no_room(*worker.info.fitness, wish.room);
    const std::int64_t estimate = estimate_s(wish, worker);
    const bool is_late = estimate > left_s(wish, now).value_or(estimate);
    return std::tuple(is_full, worker.info.rest, !is_preferred, is_late, !worker.has_delivered,
                      worker.info.helps.has_value(), estimate);
}

struct Seeker {
    std::size_t wish = 0;
    std::size_t able_workers = 0;
    double tightness = 0;  ///< the part of its time that it needs on the fastest worker; 0: not known
};

Seeker seeker_of(const std::vector<WorkerWish>& wishes, std::size_t number, const std::vector<IdleWorker>& workers,
                 Milliseconds now) {
    const WorkerWish& wish = wishes[number];
    Seeker seeker{number, 0, 0};
    std::int64_t least_s = std::numeric_limits<std::int64_t>::max();
    for (const IdleWorker& worker : workers) {
        if (!is_able(worker, wish)) continue;
        ++seeker.able_workers;
        least_s = std::min(least_s, estimate_s(wish, worker));
    }
    const auto left = left_s(wish, now);
    if (seeker.able_workers > 0 && left)
        seeker.tightness = static_cast<double>(least_s) / static_cast<double>(std::max<std::int64_t>(1, *left));
    return seeker;
}

/// The first of them that any worker can serve, no more than there are workers, in the order in which they choose.
std::vector<Seeker> first_seekers(const std::vector<WorkerWish>& wishes, const std::vector<IdleWorker>& workers,
                                  Milliseconds now) {
    std::vector<Seeker> seekers;
    for (std::size_t i = 0; i < wishes.size() && seekers.size() < workers.size(); ++i) {
        const Seeker seeker = seeker_of(wishes, i, workers, now);
        if (seeker.able_workers > 0) seekers.push_back(seeker);
    }
    std::ranges::stable_sort(seekers, [](const Seeker& a, const Seeker& b) {
        return std::pair(a.able_workers, b.tightness) < std::pair(b.able_workers, a.tightness);
    });
    return seekers;
}

std::optional<std::size_t> best_worker(const WorkerWish& wish, const std::vector<IdleWorker>& workers,
                                       const std::vector<bool>& is_taken, Milliseconds now) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < workers.size(); ++i)
        if (!is_taken[i] && is_able(workers[i], wish) &&
            (!best || rank(wish, workers[i], now) < rank(wish, workers[*best], now)))
            best = i;
    return best;
}

}  // namespace

std::vector<Assignment> assign(const std::vector<WorkerWish>& wishes, const std::vector<IdleWorker>& workers,
                               Milliseconds now) {
    std::vector<Assignment> assigned;
    std::vector<bool> is_taken(workers.size());
    for (const Seeker& seeker : first_seekers(wishes, workers, now)) {
        const auto worker = best_worker(wishes[seeker.wish], workers, is_taken, now);
        if (!worker) continue;
        is_taken[*worker] = true;
        assigned.push_back({seeker.wish, *worker});
    }
    return assigned;
}

}  // namespace emeth::node
