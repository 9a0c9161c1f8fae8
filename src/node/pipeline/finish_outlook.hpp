// Gives back a JOB whose deadline is out of reach, or that nobody can train, if that is the cheaper outcome, but never
// one that can still be finished. Io thread only.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "chain/chain.hpp"
#include "node/pipeline/finish_watch.hpp"
#include "node/pipeline/futility.hpp"
#include "node/pipeline/interruptions.hpp"
#include "node/pipeline/progress_board.hpp"
#include "node/pipeline/retry_wait.hpp"
#include "node/workers/worker_hub.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::node {

class FinishOutlook {
public:
    struct Ports {
        chain::Chain& chain;
        Clock& clock;
        const ProgressBoard& progress;
        const JobJournal& journal;
        Interruptions& interruptions;
        RetryWait& retry;
        const WorkerHub& workers;
        const Futility& futility;
    };
    struct Settings {
        FinishWatch::Rules finish;
        trainer_protocol::NetworkRules network;
    };
    /// All ports must outlive it.
    FinishOutlook(Ports ports, Settings settings) : ports_(ports), settings_(std::move(settings)) {}

    /// Runs until cancelled: requests a decline when one is due, and tells the back-offs how much time is left.
    Task<> run();

private:
    [[nodiscard]] std::optional<std::string> why_hopeless() const;

    Ports ports_;
    Settings settings_;
};

}  // namespace emeth::node
