// A JOB whose deadline is out of reach is given back where that is the cheaper end; one that can still be finished
// never is. Io thread only.
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

    /// Until cancelled: asks for a decline, and tells the back-offs how much time is left.
    Task<> run();

private:
    Ports ports_;
    FinishWatch::Rules rules_;
};

}  // namespace emeth::node
