// A JOB that was taken for a team of two.
#include <algorithm>

#include "node_world.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
namespace wp = worker_protocol;

class PipelineTeamTest : public NodeWorld {
protected:
    PipelineTeamTest() {
        settings.cooperative = true;
        sm::Terms terms = record().terms;
        terms.team = 2;
        store.reset();
        real_store = storage::NodeStore::open(folder / "team", storage::OpenMode::read_write).value();
        store = std::make_unique<CrashingStore>(*real_store);
        EXPECT_TRUE(real_store->jobs().create(sm::Discovered{terms}, clock.unix_ms()).has_value());
        hub.add_worker(worker_2);
    }
    void train_without_end() {
        hub.script.pop_back();
        start(true);
        ASSERT_TRUE(run_until([this] { return count<sm::CheckpointSaved>() == 2; }));
    }
    [[nodiscard]] bool is_committed(const Address& address) const {
        const auto workers = hub.workers();
        const auto found = std::ranges::find(workers, address, &node::WorkerInfo::address);
        return found != workers.end() && found->is_committed && found->helps == job_id;
    }
};

TEST_F(PipelineTeamTest, HoldsItsMembersUntilItIsTrained) {
    hub.add_worker(repeated<Address>(0x03));
    train_without_end();
    EXPECT_EQ(record().lease.worker, worker_1);
    EXPECT_TRUE(is_committed(worker_2));
    EXPECT_EQ(hub.idle_workers(), 1U);
    hub.answers_uploads = false;
    hub.send(job_id, wp::Trained{artifact});
    ASSERT_TRUE(run_until([this] { return record().training.artifact.has_value(); }));
    run_for(1);
    EXPECT_FALSE(is_committed(worker_2)) << "nothing is left to help with";
    EXPECT_EQ(hub.idle_workers(), 2U);
}

/// Nobody was idle, so the JOB waited for its worker until the deadline.
TEST_F(PipelineTeamTest, AMemberTakesOverFromALeaderThatIsLost) {
    train_without_end();
    EXPECT_EQ(hub.idle_workers(), 0U);
    hub.disconnect(worker_1, "connection reset");
    hub.script.push_back(wp::Trained{artifact});
    ASSERT_TRUE(run_until([this] { return count<sm::LeaseRevoked>() == 1; }, 90));
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(record().lease.worker, worker_2);
    expect_verified_once();
}

TEST_F(PipelineTeamTest, AfterARestartItAsksForItsTeamAgain) {
    hub.add_worker(repeated<Address>(0x03));
    train_without_end();
    kill();
    start();
    run_for(1);
    EXPECT_EQ(hub.idle_workers(), 1U) << "one of the two idle workers stands in";
}

TEST_F(PipelineTeamTest, WhereEachTrainsForItselfNobodyIsHeld) {
    settings.cooperative = false;
    train_without_end();
    EXPECT_FALSE(is_committed(worker_2));
    EXPECT_EQ(hub.idle_workers(), 1U);
}

}  // namespace
}  // namespace emeth::test
