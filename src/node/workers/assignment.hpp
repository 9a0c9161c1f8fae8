// Which idle worker trains which of the JOBs that wait for one. Pure.
//
// A JOB is in time on a worker if its estimate there is no more than what is left until its deadline. As far as workers
// differ by speed alone, and a JOB's time is its work divided by that, all JOBs that can be in time are if the tightest
// one gets the fastest worker, the next one the next, and so on: of two JOBs given the other way round, exchanging
// their workers delays neither past its deadline. JOBs that fewer workers can train choose before others. Files of the
// JOB count more than speed, and so does a result that a worker has delivered, unless the JOB would be late there.
//
// A JOB that a team is to train gets a leader like any other JOB, and then helpers, the fastest of those that remain
// and can reach the leader. Every JOB gets its leader before any gets helpers: one worker alone does a JOB more good
// than one more helper. With fewer workers than it wants, a team makes do with those that there are.
//
// An example: workers of 10,000 and 2,000 tokens/s; JOB A has 18 M tokens and 3 h left, JOB B 36 M tokens and 2 h left.
// On the fast worker A needs 30 min (a sixth of its time), B 1 h (half of it): B is the tighter one and gets it. A
// takes 2.5 h on the slow one, and both are in time. The other way round B would have needed 5 h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "node/workers/worker_info.hpp"
#include "runtime/clock.hpp"

namespace emeth::node {

/// A connected worker that no JOB holds.
struct IdleWorker {
    WorkerInfo info;
    bool has_delivered = false;  ///< a result, since the master's start
    bool stands_in = false;      ///< it helps a JOB whose team lacks a worker
};

/// Indices into what assign() was given.
struct Assignment {
    std::size_t wish = 0, worker = 0;
    std::vector<std::size_t> helpers{};  ///< workers; fewer than the team wants where there are no more

    friend bool operator==(const Assignment&, const Assignment&) = default;
};

/// `wishes`: first come, first served where there are more of them than workers. `now`: monotonic. Each wish gets one
/// worker at most to lead it, which is fit for its model, and the best of those left in this order: with room for the
/// JOB, not resting (or with the least rest left), the preferred one, not standing in for another JOB's helper, one
/// that its team can reach, one on which the JOB is in time, one that has delivered, not helping, the fastest. Helpers
/// have room, do not rest and stand in for nobody; those that help no JOB come first, then the fastest.
std::vector<Assignment> assign(const std::vector<WorkerWish>& wishes, const std::vector<IdleWorker>& workers,
                               Milliseconds now);

}  // namespace emeth::node
