// When a JOB is taken from the worker that holds it, to be begun anew by another one: its holder is away for longer
// than the grace, or fails again and again. Io thread only.
#pragma once

#include <cstdint>
#include <string>

#include "chain/chain.hpp"
#include "node/pipeline/job_journal.hpp"
#include "node/workers/worker_hub.hpp"
#include "runtime/clock.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

/// Failures in a row after which the holder's lease may go to another worker. What was trained is not given up for the
/// Storage API's bad half hour.
std::uint32_t failures_allowed(const statemachine::Job& job);

class Takeover {
public:
    struct Ports {
        WorkerHub& workers;
        chain::Chain& chain;
        Clock& clock;
        const JobJournal& journal;
    };
    struct Settings {
        trainer_protocol::NetworkRules rules;
        std::int64_t deadline_margin_s = 3'600;  ///< of a worker that begins anew, as of one that begins
    };
    /// All ports must outlive it.
    Takeover(Ports ports, Settings settings) : ports_(ports), settings_(std::move(settings)) {}

    void note_failure() { ++failures_; }
    void note_progress() { failures_ = 0; }
    /// In a row, without progress, of this lease's worker.
    [[nodiscard]] std::uint32_t failures() const { return failures_; }

    [[nodiscard]] bool holder_fails() const;
    /// Whether the lease is to go to another worker. With nothing to lose, any worker may take over from one that is
    /// away; a failing worker is better than none. What was trained is given up only where an idle worker can still
    /// finish the JOB from the beginning.
    Task<bool> is_due(bool holder_is_away);
    /// The lease ends: whoever failed until then rests (SickList).
    void judge_holder();

private:
    Task<Result<bool>> fits_from_the_beginning(std::uint64_t power_capacity);

    Ports ports_;
    Settings settings_;
    std::uint32_t failures_ = 0;
    std::uint32_t failed_leases_ = 0;
};

}  // namespace emeth::node
