// The workers' latest reports on running JOBs: for display and for the measure of their speed, kept in memory only. Io
// thread only.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "node/pipeline/step_pace.hpp"
#include "runtime/clock.hpp"
#include "statemachine/types.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

/// A worker's latest report, when it came, and when its stage and step were first reported: monotonic times.
struct SeenProgress {
    worker_protocol::Progress report;
    Milliseconds step_since{0};
    Milliseconds heard_at{0};
    PaceSpread pace{};  ///< of the training, while it is trained
};

class ProgressBoard {
public:
    /// `now`: monotonic. Another worker, or one that begins again, shows another stage first.
    void put(const JobId& job, worker_protocol::Progress progress, Milliseconds now) {
        const auto [found, is_first] = latest_.try_emplace(job);
        Seen& seen = found->second;
        const bool same_step = !is_first && seen.report.stage == progress.stage && seen.report.step == progress.step;
        if (!same_step) seen.step_since = now;
        if (progress.stage != "training") {
            seen.pace = {};
            seen.stretches = {};
        } else if (const auto speed = seen.stretches.saw(progress.step, seen.step_since)) {
            seen.pace.add(*speed);
        }
        seen.report = std::move(progress);
        seen.heard_at = now;
    }
    void erase(const JobId& job) { latest_.erase(job); }
    [[nodiscard]] std::optional<SeenProgress> seen(const JobId& job) const {
        const auto found = latest_.find(job);
        if (found == latest_.end()) return std::nullopt;
        return found->second;
    }
    [[nodiscard]] std::optional<worker_protocol::Progress> find(const JobId& job) const {
        const auto found = latest_.find(job);
        return found == latest_.end() ? std::nullopt : std::optional(found->second.report);
    }

private:
    struct Seen : SeenProgress {
        StepStretches stretches;
    };
    std::map<JobId, Seen> latest_;
};

}  // namespace emeth::node
