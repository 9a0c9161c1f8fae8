// Gives back a JOB whose deadline is out of reach, or that nobody can train, if that is the cheaper outcome, but never
// one that can still be finished: where another worker could, it gets the JOB as soon as it is idle. Io thread only.
#pragma once

#include <string>

#include "chain/chain.hpp"
#include "node/pipeline/finish_watch.hpp"
#include "node/pipeline/interruptions.hpp"
#include "node/pipeline/progress_board.hpp"
#include "node/pipeline/retry_wait.hpp"
#include "node/pipeline/takeover.hpp"

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
        Takeover& takeover;
    };
    /// All ports must outlive it.
    FinishOutlook(Ports ports, FinishWatch::Rules rules) : ports_(ports), rules_(rules) {}

    /// Runs until cancelled: requests a decline when one is due, and tells the back-offs how much time is left.
    Task<> run();

private:
    Result<void> give_back(std::string reason);
    Task<Result<void>> give_up(std::string reason, std::int64_t left_s);

    Ports ports_;
    FinishWatch::Rules rules_;
};

}  // namespace emeth::node
