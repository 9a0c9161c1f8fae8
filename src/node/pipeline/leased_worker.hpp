// The worker that holds the JOB's lease: its connection and the grace period while it is absent, its orders, its
// reports, and the end of the lease. All state kept here is rebuilt after a restart. Io thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "node/pipeline/helper_calls.hpp"
#include "node/pipeline/job_journal.hpp"
#include "node/pipeline/lease_watch.hpp"
#include "node/pipeline/progress_board.hpp"
#include "node/pipeline/retry_wait.hpp"
#include "node/pipeline/takeover.hpp"
#include "node/pipeline/upload.hpp"
#include "node/pipeline/worker_orders.hpp"
#include "node/workers/worker_hub.hpp"
#include "node/workers/worker_inbox.hpp"
#include "statemachine/command.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

class LeasedWorker {
public:
    struct Ports {
        WorkerHub& workers;
        Clock& clock;
        ProgressBoard& progress;
        JobJournal& journal;
        RetryWait& retry;
        Upload& upload;
        WorkerOrders& orders;
        Takeover& takeover;
        HelperCalls& helpers;
        api_client::ArtifactStore& artifacts;
    };
    struct Settings {
        trainer_protocol::NetworkRules rules;
        Milliseconds grace{0};     ///< how long a lost worker keeps its lease
        Milliseconds patience{0};  ///< of LeaseWatch
        bool cooperative = false;  ///< a team trains the JOB if that is in its terms
    };
    /// All ports must outlive it.
    LeasedWorker(Ports ports, Settings settings) : ports_(ports), settings_(std::move(settings)) {}

    /// Waits for an idle worker and makes its lease durable before giving any order.
    Task<Result<void>> lease();
    /// Tells the hub who holds the lease, and receives its news from then on.
    void adopt();
    /// Carries out `command`, one of those that need a worker, until the record calls for something else.
    Task<Result<void>> lead(statemachine::Command command);
    /// Ends the lease. `forget`: the worker deletes the JOB's files.
    void release(bool forget, std::string reason);

private:
    // connection and grace
    [[nodiscard]] bool is_adopted() const { return inbox_ != nullptr; }
    [[nodiscard]] bool may_be_replaced() const;
    [[nodiscard]] bool grace_is_over() const;
    Task<Result<void>> end_grace();
    [[nodiscard]] bool look_is_due() const;
    Task<Result<void>> look_for_progress();
    Task<> wait_for_news();
    Task<Result<void>> handle_connection(bool connected, std::string reason);

    // worker_reports.cpp
    Task<Result<void>> handle_news(WorkerNews news);
    Task<Result<void>> handle_report(WorkerNews news);
    Task<Result<void>> take(worker_protocol::DatasetReady ready);
    Task<Result<void>> take(worker_protocol::TrainingStarted started);
    Task<Result<void>> take(worker_protocol::CheckpointSaved saved);
    Task<Result<void>> take(worker_protocol::Trained trained);
    Task<Result<void>> take(worker_protocol::PartUploaded part);
    Task<Result<void>> take(worker_protocol::EvidencePacked packed);
    Task<Result<void>> take(worker_protocol::Progress progress);
    Task<Result<void>> take(worker_protocol::StepFailed failed);
    Task<Result<void>> end_hopeless_lease(std::string reason);
    Task<> look_at_dataset();

    Task<Result<void>> give_order(statemachine::Command command);
    Task<Result<bool>> take_from_failing();
    Task<Result<void>> revoke(std::string reason, bool forget);
    void reset();
    [[nodiscard]] WorkerWish wish() const;
    void set_team();
    [[nodiscard]] const statemachine::Job& job() const { return ports_.journal.job(); }

    Ports ports_;
    Settings settings_;
    std::shared_ptr<WorkerInbox> inbox_;  ///< of the adopted lease
    std::optional<Address> reserved_;     ///< for the lease that is being made durable
    bool connected_ = false;
    std::optional<Milliseconds> away_since_;  ///< monotonic; set while the connection is known to be gone
    std::optional<Milliseconds> led_until_;   ///< when it last waited for the worker
    std::optional<LeaseWatch> watch_;  ///< none before the first order: the master's own waiting is not the worker's
    /// When to check whether another worker should start over, because this one is gone or gets nowhere.
    Milliseconds look_at_{0};
};

}  // namespace emeth::node
