// What the worker that holds the lease is told to do: fetch, tokenise and train; put parts of the artifact; pack and
// put the evidence. An order that is sent again changes nothing that runs. Io thread only.
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

    /// Gives the order that `command` calls for; one of those that need a worker.
    Task<Result<void>> give(statemachine::Command command);
    /// Whether this connection of the worker has it.
    [[nodiscard]] bool has(statemachine::Command command) const;
    /// The worker's connection is a new one, or it waits for a fresh order.
    void forget();
    /// Another block drew other segments: what lies in the Storage API for the old draw stays there, and counts no
    /// more.
    void forget_draw();

    /// The whole work at once: fetch, tokenise, train. With a fresh URL of the dataset.
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
