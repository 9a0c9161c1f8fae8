// The workers' latest reports on running JOBs: for display and for the measure of their speed, kept in memory only. Io
// thread only.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "runtime/clock.hpp"
#include "statemachine/types.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

/// A worker's latest report, when it came, and when its stage and step were first reported: monotonic times.
struct SeenProgress {
    worker_protocol::Progress report;
    Milliseconds step_since{0};
    Milliseconds heard_at{0};
};

class ProgressBoard {
public:
    /// `now`: monotonic.
    void put(const JobId& job, worker_protocol::Progress progress, Milliseconds now) {
        const auto last = latest_.find(job);
        const bool same_step = last != latest_.end() && last->second.report.stage == progress.stage &&
                               last->second.report.step == progress.step;
        const Milliseconds since = same_step ? last->second.step_since : now;
        latest_.insert_or_assign(job, SeenProgress{std::move(progress), since, now});
    }
    void erase(const JobId& job) { latest_.erase(job); }
    [[nodiscard]] std::optional<SeenProgress> seen(const JobId& job) const {
        const auto found = latest_.find(job);
        return found == latest_.end() ? std::nullopt : std::optional(found->second);
    }
    [[nodiscard]] std::optional<worker_protocol::Progress> find(const JobId& job) const {
        const auto found = latest_.find(job);
        return found == latest_.end() ? std::nullopt : std::optional(found->second.report);
    }

private:
    std::map<JobId, SeenProgress> latest_;
};

}  // namespace emeth::node
