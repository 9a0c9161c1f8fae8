// Gives back a JOB whose deadline is out of reach if that is the cheaper outcome, but never one that can still be
// finished. Io thread only.
#pragma once

#include "chain/chain.hpp"
#include "node/pipeline/finish_watch.hpp"
#include "node/pipeline/interruptions.hpp"
#include "node/pipeline/progress_board.hpp"
#include "node/pipeline/retry_wait.hpp"

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
    };
    /// All ports must outlive it.
    FinishOutlook(Ports ports, FinishWatch::Rules rules) : ports_(ports), rules_(rules) {}

    /// Runs until cancelled: requests a decline when one is due, and tells the back-offs how much time is left.
    Task<> run();

private:
    Ports ports_;
    FinishWatch::Rules rules_;
};

}  // namespace emeth::node
