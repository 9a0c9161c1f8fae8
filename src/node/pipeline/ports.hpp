// Everything that a JOB's pipeline touches outside itself, and the operator's settings. The simulation provides other
// implementations of the same ports.
#pragma once

#include <cstdint>
#include <string>

#include "api_client/storage_api_client.hpp"
#include "chain/chain.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "node/market/preflight.hpp"
#include "node/pipeline/finish_watch.hpp"
#include "node/pipeline/lease_watch.hpp"
#include "node/pipeline/progress_board.hpp"
#include "node/workers/worker_hub.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/retry_policy.hpp"
#include "storage/job_store.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

/// All must outlive the pipelines.
struct PipelinePorts {
    chain::Chain& chain;
    chain::TransactionSender& sender;
    api_client::ArtifactStore& artifacts;
    WorkerHub& workers;
    storage::JobStore& jobs;
    storage::Outbox& outbox;
    BlockingPool& pool;
    Clock& clock;
    Random& random;
    Preflight& preflight;
    ProgressBoard& progress;
};

struct PipelineSettings {
    Address core, token;
    trainer_protocol::NetworkRules rules;
    bool cooperative = false;  ///< idle workers help with the JOB
    std::uint64_t confirmations = 1, verdict_confirmations = 1;
    Milliseconds poll_interval{2'000};  ///< of the chain, to see whether the JOB has ended
    Milliseconds worker_grace{60'000};  ///< how long a lost worker keeps its lease
    Milliseconds worker_patience = LeaseWatch::patience_usual;
    std::int64_t deadline_margin_s = 3'600;  ///< for a worker that starts over as well as for one that starts
    FinishWatch::Rules finish_rules;
    RetryPolicy retry{Milliseconds(1'000), 2, Milliseconds(300'000), 0.25};
    RetryPolicy worker_retry{Milliseconds(1'000), 2, Milliseconds(30'000),
                             0.25};  ///< shorter, since the worker's reports wait meanwhile
};

}  // namespace emeth::node
