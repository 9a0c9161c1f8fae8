// The invariants of a simulated life: chain and store agree on every JOB, histories replay, and a JOB that had enough
// fault-free time costs no penalty. What a JOB cost and brought stands in its record.
#pragma once

#include "simulation/life_story.hpp"
#include "simulation/node_life.hpp"
#include "simulation/simulated_workers.hpp"
#include "storage/store.hpp"

namespace emeth::simulation {

class LifeChecks {
public:
    LifeChecks(const SimulatedChain& chain, const SimulatedWorkers& workers, Stories& stories, Violations& violations)
        : chain_(chain), workers_(workers), stories_(stories), violations_(violations) {}

    /// This machine's clock is so wrong that no deposit may be made.
    void expect_no_deposit() { may_deposit_ = false; }
    /// Checks that the data on disk after a crash is intact, as `emeth state verify` does.
    void check_store(const storage::NodeStore& store);
    /// Records a second without faults for every JOB that has a deposit and can be worked on.
    void count_clear_second();
    /// At the end. Counts the JOBs' ends in `report`.
    void check_ends(storage::JobStore& store, LifeReport& report);

private:
    void check_penalty(const JobId& id, const ChainJob& job);
    void check_accounts(const statemachine::Job& record, chain::JobStatus status);

    bool may_deposit_ = true;
    const SimulatedChain& chain_;
    const SimulatedWorkers& workers_;
    Stories& stories_;
    Violations& violations_;
};

}  // namespace emeth::simulation
