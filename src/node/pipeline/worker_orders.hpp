// The orders given to the worker that holds the lease: fetch, tokenise and train; put parts of the artifact; pack and
// put the evidence. Repeating an order does not affect work that is already running. Io thread only.
#pragma once

#include <cstdint>
#include <string>

#include "api_client/storage_api_client.hpp"
#include "node/pipeline/job_journal.hpp"
#include "node/pipeline/upload.hpp"
#include "node/workers/worker_hub.hpp"
#include "statemachine/command.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

class WorkerOrders {
public:
    struct Ports {
        WorkerHub& workers;
        api_client::ArtifactStore& artifacts;
        JobJournal& journal;
        Upload& upload;
    };
    struct Settings {
        trainer_protocol::NetworkRules rules;
        bool cooperative = false;
    };
    /// All ports must outlive it.
    WorkerOrders(Ports ports, Settings settings) : ports_(ports), settings_(std::move(settings)) {}

    /// Gives the order that `command`, one of those that need a worker, calls for.
    Task<Result<void>> give(statemachine::Command command);
    /// Whether this connection of the worker has received it.
    [[nodiscard]] bool has(statemachine::Command command) const;
    /// The worker reconnected, or is waiting for a fresh order.
    void forget();
    /// A different block drew different segments: whatever was uploaded for the old draw stays in the Storage API but
    /// no longer counts.
    void forget_draw();

    /// The whole work in one order: fetch, tokenise, train. Includes a fresh URL for the dataset.
    Task<Result<worker_protocol::Assign>> assignment();

private:
    Task<Result<void>> assign();
    Task<Result<void>> upload_parts();
    Task<Result<void>> show_evidence();
    [[nodiscard]] const statemachine::Job& job() const { return ports_.journal.job(); }

    Ports ports_;
    Settings settings_;
    bool assigned_ = false;  ///< to train, or to pack evidence
};

}  // namespace emeth::node
