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

/// What may still be given out.
struct Pool {
    const std::vector<IdleWorker>& workers;
    std::vector<bool> is_taken = std::vector<bool>(workers.size());
};

bool may_help(const Pool& pool, std::size_t helper, const WorkerWish& wish, const WorkerInfo& leader) {
    const WorkerInfo& info = pool.workers[helper].info;
    const bool is_left = !pool.is_taken[helper] && !pool.workers[helper].stands_in && info.address != leader.address;
    return is_left && is_able(pool.workers[helper], wish) && info.rest == Milliseconds::zero() &&
           !why_no_room(*info.fitness, wish.room) && can_reach(info, leader) && can_reach(leader, info);
}

bool can_gather_team(const Pool& pool, const WorkerWish& wish, const WorkerInfo& leader) {
    std::size_t helpers = 0;
    for (std::size_t i = 0; i < pool.workers.size() && helpers + 1 < wish.team; ++i)
        if (may_help(pool, i, wish, leader)) ++helpers;
    return helpers + 1 >= wish.team;
}

auto rank_as_leader(const Pool& pool, const WorkerWish& wish, const IdleWorker& worker, Milliseconds now) {
    const bool is_preferred = wish.preferred == worker.info.address;  // the JOB's files may be what fills its disk
    const bool is_full = !is_preferred && why_no_room(*worker.info.fitness, wish.room);
    const std::int64_t estimate = estimate_s(wish, worker);
    const bool is_late = estimate > left_s(wish, now).value_or(estimate);
    return std::tuple(is_full, worker.info.rest, !is_preferred, worker.stands_in,
                      !can_gather_team(pool, wish, worker.info), is_late, !worker.has_delivered,
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

/// The first of those with the least rank; `rank_of` says none for who is no candidate.
template <class RankOf>
std::optional<std::size_t> best_worker(const Pool& pool, RankOf rank_of) {
    std::optional<std::size_t> best;
    decltype(rank_of(std::size_t{})) least;
    for (std::size_t i = 0; i < pool.workers.size(); ++i) {
        const auto rank = rank_of(i);
        if (!rank || (best && !(*rank < *least))) continue;
        best = i;
        least = rank;
    }
    return best;
}

std::optional<std::size_t> best_leader(const Pool& pool, const WorkerWish& wish, Milliseconds now) {
    return best_worker(pool, [&](std::size_t i) {
        const bool may_lead = !pool.is_taken[i] && is_able(pool.workers[i], wish);
        return may_lead ? std::optional(rank_as_leader(pool, wish, pool.workers[i], now)) : std::nullopt;
    });
}

std::optional<std::size_t> best_helper(const Pool& pool, const WorkerWish& wish, const WorkerInfo& leader) {
    return best_worker(pool, [&](std::size_t i) {
        const IdleWorker& worker = pool.workers[i];
        return may_help(pool, i, wish, leader)
                   ? std::optional(std::pair(worker.info.helps.has_value(), estimate_s(wish, worker)))
                   : std::nullopt;
    });
}

void add_helpers(Pool& pool, const WorkerWish& wish, Assignment& assigned) {
    const WorkerInfo& leader = pool.workers[assigned.worker].info;
    while (assigned.helpers.size() + 1 < wish.team) {
        const auto helper = best_helper(pool, wish, leader);
        if (!helper) return;
        pool.is_taken[*helper] = true;
        assigned.helpers.push_back(*helper);
    }
}

}  // namespace

std::vector<Assignment> assign(const std::vector<WorkerWish>& wishes, const std::vector<IdleWorker>& workers,
                               Milliseconds now) {
    std::vector<Assignment> assigned;
    Pool pool{workers};
    for (const Seeker& seeker : first_seekers(wishes, workers, now)) {
        const auto leader = best_leader(pool, wishes[seeker.wish], now);
        if (!leader) continue;
        pool.is_taken[*leader] = true;
        assigned.push_back({seeker.wish, *leader});
    }
    for (Assignment& one : assigned) add_helpers(pool, wishes[one.wish], one);
    return assigned;
}

}  // namespace emeth::node
