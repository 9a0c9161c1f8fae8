// Whether the worker that holds a lease gets anywhere. What it says of its progress is worth nothing by itself: a
// worker that is connected and reports steps for ever would hold the JOB until its deadline. What counts are the
// dataset, new checkpoints, the artifact and its parts at the Storage API; and nobody holds a JOB several times as long
// as it takes. Pure. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "runtime/clock.hpp"
#include "statemachine/job.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

/// What another worker could do with the JOB now: start over, and be ready after `estimate_s`.
struct FreshStart {
    std::int64_t estimate_s = 0;
    std::int64_t time_left_s = 0;  ///< until the deadline, less the margin
    bool loses_work = false;       ///< the holder has a checkpoint
    std::int64_t dataset_s = 0;    ///< what fetching and tokenising take a worker; 0: the holder has done that
};

class LeaseWatch {
public:
    /// The holder's own time-outs (config/worker.env) come first, and a trainer saves a checkpoint every 10 min. Where
    /// there is no checkpoint to lose and another worker can only just still finish, a third of it must do.
    static constexpr Milliseconds patience_usual{45 * 60'000};

    /// The first order of a lease has been given, or the first after a start of the master.
    explicit LeaseWatch(Milliseconds now = Milliseconds(0), Milliseconds patience = patience_usual)
        : patience_(patience), held_since_(now), advanced_at_(now) {}
    /// The same, of a lease under which the JOB has got as far as its record says.
    LeaseWatch(const statemachine::Job& job, Milliseconds now, Milliseconds patience);

    /// A failure counts as well, since the master counts those by themselves (Takeover), unless it is said to be the
    /// Storage API's, which nobody counts.
    void saw(const worker_protocol::ReportBody& body, Milliseconds now);
    /// A part of the open upload is on record. Once trained, nothing else counts.
    void saw_part(const std::string& upload_id, std::uint32_t part, Milliseconds now);
    /// So much time passed while the holder had nothing to do: the master waited for a server.
    void leave_out(Milliseconds duration);

    /// Why the lease should go to the other worker now; none: it should not, or not yet.
    [[nodiscard]] std::optional<std::string> why_over(const FreshStart& other, Milliseconds now) const;
    /// Before this, there is no need to ask.
    [[nodiscard]] Milliseconds look_at() const { return advanced_at_ + patience_ / 3; }

private:
    Milliseconds patience_, held_since_, advanced_at_;
    bool has_dataset_ = false;
    std::optional<Milliseconds> trained_at_;
    bool upload_fails_ = false;  ///< by the holder's last word
    std::uint64_t checkpoint_step_ = 0;
    std::string upload_id_;          ///< of `parts_`
    std::set<std::uint32_t> parts_;  ///< that it has put
};

}  // namespace emeth::node
