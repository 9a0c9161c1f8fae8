// When a JOB is taken from the worker that holds it and started over on another one: its holder has been absent for
// longer than the grace period, or fails repeatedly. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "chain/chain.hpp"
#include "node/market/finish_estimate.hpp"
#include "node/pipeline/futility.hpp"
#include "node/pipeline/job_journal.hpp"
#include "node/pipeline/lease_watch.hpp"
#include "node/workers/worker_hub.hpp"
#include "runtime/clock.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

/// Failures in a row after which the lease may go to another worker. Completed training is not abandoned merely because
/// the Storage API is down for half an hour.
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
        std::int64_t deadline_margin_s = 3'600;  ///< for a worker that starts over as well as for one that starts
        bool cooperative = false;                ///< a team trains the JOB if that is in its terms
    };
    /// All ports must outlive it.
    Takeover(Ports ports, Settings settings) : ports_(ports), settings_(std::move(settings)) {}

    void note_failure() {
        ++failures_;
        is_blameless_ = false;
    }
    /// The holder's trainer says that the JOB can never be trained: another may see for itself, and neither is to
    /// blame.
    void note_hopeless();
    /// That holder's lease has ended for it.
    void note_hopeless_lease(std::uint64_t lease, const Address& worker, std::string reason) {
        futility_.said(lease, worker, std::move(reason));
    }
    /// What the Storage API says of the dataset's size, asked after a failed download.
    void saw_dataset_bytes(std::uint64_t bytes) {
        futility_.saw_dataset_bytes(bytes, ports_.journal.job().terms.dataset_bytes);
    }
    /// A checkpoint is on record: it can be trained.
    void note_checkpoint() { futility_.was_trained(); }
    /// The JOB is given back as hopeless; a worker that calls one JOB after the other so has to rest.
    void blame_witnesses();
    /// Why nobody can train the JOB; none while somebody may.
    [[nodiscard]] std::optional<std::string> why_hopeless() const;
    /// By what the holder says, the Storage API cannot serve now. It keeps its lease, which LeaseWatch bounds.
    void note_service_failure() { is_blameless_ = true; }
    void note_progress() {
        failures_ = 0;
        is_blameless_ = false;
    }
    /// What the holder uploaded is not what it says that it made.
    void note_false_upload() { ++false_uploads_; }
    void begin_lease() {
        note_progress();
        false_uploads_ = 0;
    }
    /// Consecutive failures, without progress, of this lease's worker.
    [[nodiscard]] std::uint32_t failures() const { return failures_; }

    [[nodiscard]] bool holder_fails() const;
    /// Of a holder that fails: in which way.
    [[nodiscard]] std::string failure_text() const;
    /// Whether the lease should go to another worker. If nothing would be lost, an absent worker's lease may go to
    /// anyone, but a failing worker is better than none. Completed training is given up only if an idle worker can
    /// still finish the JOB from scratch.
    Task<bool> is_due(bool holder_is_away);
    /// What an idle worker could do with the JOB; none if no such worker is able, or while the chain cannot be queried.
    Task<std::optional<FreshStart>> fresh_start();
    enum class Other { none, busy, idle };
    /// Whether a worker other than the holder could finish the JOB from the start within `left_s`. None once several
    /// holders have been too slow for it.
    Task<Other> another_that_could_finish(std::int64_t left_s);
    /// The connected workers that train the JOB together, or will: the holder and the members of its team.
    [[nodiscard]] std::uint32_t workers_at_hand() const;
    /// The holder does nothing (LeaseWatch), which is as bad as failing.
    void note_stall();
    /// The holder is too slow for the JOB.
    void note_slow_holder();
    /// The lease ends: a holder that kept failing is made to rest (SickList).
    void judge_holder();

private:
    Task<std::optional<Workload>> workload();
    [[nodiscard]] std::vector<WorkerInfo> workers() const;
    [[nodiscard]] std::optional<std::int64_t> estimate_of_others(const Workload& work) const;

    Ports ports_;
    Settings settings_;
    Futility futility_;
    std::uint32_t failures_ = 0, false_uploads_ = 0;
    std::uint32_t failed_leases_ = 0, slow_holders_ = 0;
    bool is_blameless_ = false;  ///< whatever ends the lease now
};

}  // namespace emeth::node
