#include "master_fixture.hpp"

namespace emeth::test {
namespace {

using namespace worker_protocol;
using node::WorkerConnected;
using node::WorkerDisconnected;
using node::WorkerNews;
using ::testing::HasSubstr;

template <class Body>
Body body_of(const WorkerNews& news) {
    return std::get<Body>(std::get<ReportBody>(news.body));
}

class WorkerLeasesTest : public MasterFixture {
protected:
    void SetUp() override { start(); }
    /// Reserves a worker, adopts it and drops the first news.
    Address lease(const JobId& leased, std::uint64_t number) {
        const Address worker = run(hub->reserve(leased, {}));
        adopt(leased, number, worker);
        EXPECT_TRUE(std::holds_alternative<WorkerConnected>(news(leased).body));
        return worker;
    }
    Assign assign(const JobId& leased, std::uint64_t number) {
        Assign order;
        order.job = leased;
        order.lease = number;
        order.spec = {leased, "en", 2, "nano"};
        order.dataset_url = "http://127.0.0.1:1/dataset";
        order.dataset_bytes = 10;
        return order;
    }
    crypto::PrivateKey key = crypto::PrivateKey::generate(system_random());
    crypto::PrivateKey other_key = crypto::PrivateKey::generate(system_random());
    const JobId job = job_id(1);
    const JobId other_job = job_id(2);
};

TEST_F(WorkerLeasesTest, AnOrderReachesTheWorkerAndItsReportsComeBack) {
    hub->set_recovered({});
    const WorkerPtr worker = connect(key);
    EXPECT_EQ(hub->idle_workers(), 1u);
    EXPECT_EQ(lease(job, 5), key.address());
    EXPECT_EQ(hub->idle_workers(), 0u);
    EXPECT_EQ(hub->workers()[0].job, job);

    run(hub->order(assign(job, 5)));
    EXPECT_EQ(next<Assign>(*worker).lease, 5u);
    report(*worker, 71, job, 5, DatasetReady{Hash256{}, 10, 3, 2});
    const WorkerNews ready = news(job);
    EXPECT_EQ(ready.report_id, 71u);
    EXPECT_EQ(ready.lease, 5u);
    EXPECT_EQ(body_of<DatasetReady>(ready).tokens, 3u);
    run(hub->acknowledge(job, 71));
    EXPECT_EQ(next<Ack>(*worker).report, 71u);

    Upload upload{job, 5, Hash256{}, {{1, "http://127.0.0.1:1/part"}}, "upload-7"};
    run(hub->order(upload));
    EXPECT_EQ(next<Upload>(*worker).urls.size(), 1u);
    hub->release(job, true, "verified");
    const auto stop = next<Stop>(*worker);
    EXPECT_TRUE(stop.forget);
    EXPECT_EQ(stop.lease, 5u);
    EXPECT_EQ(stop.reason, "verified");
    EXPECT_EQ(hub->idle_workers(), 1u);
}

TEST_F(WorkerLeasesTest, AWorkerWhoseLeaseFailedIsNotIdleAndComesLast) {
    hub->set_recovered({});
    const WorkerPtr sick = connect(key);
    const WorkerPtr sound = connect(other_key);
    hub->lease_failed(key.address(), true);
    EXPECT_EQ(hub->idle_workers(), 1u);
    EXPECT_EQ(run(hub->reserve(job, {key.address()})), other_key.address()) << "although it may hold files of the JOB";
    EXPECT_EQ(hub->idle_workers(), 0u);
    EXPECT_EQ(run(hub->reserve(other_job, {})), key.address()) << "better than no worker for a locked deposit";
    for (const auto& worker : hub->workers())
        EXPECT_EQ(worker.rest > Milliseconds::zero(), worker.address == key.address());
    hub->release(job, false, "done");
    hub->release(other_job, false, "done");
    hub->lease_fulfilled(key.address());
    EXPECT_EQ(hub->idle_workers(), 2u);
}

class WorkerCooperationTest : public WorkerLeasesTest {
protected:
    void SetUp() override {
        WorkerLeasesTest::SetUp();
        hub->set_recovered({});
        leader = connect(key);
        lease(job, 5);
        helper = connect(other_key);
    }
    Join join(std::uint64_t number) { return {assign(job, number), rendezvous}; }

    const trainer_protocol::Rendezvous rendezvous{"127.0.0.1", 7'000, Hash256{{1}}};
    WorkerPtr leader, helper;
};

TEST_F(WorkerCooperationTest, AnIdleWorkerIsCalledOnceForARendezvous) {
    EXPECT_EQ(hub->helpers_to_call(job, rendezvous), 1u);
    run(hub->order(join(5)));
    EXPECT_EQ(next<Join>(*helper).rendezvous, rendezvous);
    EXPECT_EQ(hub->helpers_to_call(job, rendezvous), 0u);
    EXPECT_EQ(hub->idle_workers(), 1u) << "a JOB that needs it takes it";
    for (const auto& worker : hub->workers())
        EXPECT_EQ(worker.helps.has_value(), worker.address == other_key.address());
    trainer_protocol::Rendezvous another = rendezvous;
    another.token.bytes[0] = 2;  // the leader's trainer was restarted
    EXPECT_EQ(hub->helpers_to_call(job, another), 1u);
    run(hub->order(join(4)));  // for a lease that is not valid
    hub->release(job, true, "verified");
    const auto stop = next<Stop>(*helper);
    EXPECT_TRUE(stop.forget);
    EXPECT_EQ(stop.lease, 5u);
    EXPECT_FALSE(hub->workers()[0].helps || hub->workers()[1].helps);
}

TEST_F(WorkerCooperationTest, AHelperGoesWhereAJobNeedsAWorker) {
    run(hub->order(join(5)));
    next<Join>(*helper);
    EXPECT_EQ(run(hub->reserve(other_job, {})), other_key.address());
    const auto stop = next<Stop>(*helper);
    EXPECT_EQ(stop.job, job);
    EXPECT_TRUE(stop.forget);
    EXPECT_EQ(hub->helpers_to_call(job, rendezvous), 0u);
}

/// They may be a checkpoint from a lease that it had before.
TEST_F(WorkerCooperationTest, FilesThatAWorkerHadBeforeItHelpedStay) {
    helper.reset();
    ASSERT_TRUE(eventually([&] { return hub->idle_workers() == 0; }));
    helper = connect(other_key, {{job, 4}});
    EXPECT_FALSE(next<Stop>(*helper).forget);
    run(hub->order(join(5)));
    next<Join>(*helper);
    run(hub->reserve(other_job, {}));
    EXPECT_FALSE(next<Stop>(*helper).forget);
}

TEST_F(WorkerCooperationTest, AHelperIsNotCalledAwayToAnotherJobsLeader) {
    const auto third_key = crypto::PrivateKey::generate(system_random());
    run(hub->order(join(5)));
    next<Join>(*helper);
    const WorkerPtr third = connect(third_key);
    EXPECT_EQ(run(hub->reserve(other_job, {third_key.address()})), third_key.address());
    adopt(other_job, 1, third_key.address());
    const trainer_protocol::Rendezvous elsewhere{"127.0.0.1", 7'100, Hash256{{3}}};
    EXPECT_EQ(hub->helpers_to_call(other_job, elsewhere), 0u);
    hub->release(job, false, "uploaded");
    EXPECT_EQ(hub->helpers_to_call(other_job, elsewhere), 2u) << "the former leader, too";
}

TEST_F(WorkerCooperationTest, AHelpersReportsCountForNothing) {
    run(hub->order(join(5)));
    next<Join>(*helper);
    report(*helper, 1, job, 5, TrainingStarted{0, "began"});
    EXPECT_EQ(next<Stop>(*helper).job, job);
    report(*leader, 2, job, 5, TrainingStarted{0, "began"});
    EXPECT_EQ(news(job).report_id, 2u);
}

TEST_F(WorkerCooperationTest, NobodyIsCalledWhoseLeaderIsGoneOrWhoRests) {
    hub->lease_failed(other_key.address(), true);
    EXPECT_EQ(hub->helpers_to_call(job, rendezvous), 0u);
    hub->lease_fulfilled(other_key.address());
    EXPECT_EQ(hub->helpers_to_call(job, rendezvous), 1u);
    leader.reset();
    EXPECT_TRUE(std::holds_alternative<WorkerDisconnected>(news(job).body));
    EXPECT_EQ(hub->helpers_to_call(job, rendezvous), 0u);
}

TEST_F(WorkerLeasesTest, ReportsOfAnOldNumberAreAnsweredStop) {
    hub->set_recovered({});
    const WorkerPtr worker = connect(key);
    lease(job, 5);
    hub->release(job, false, "too slow");
    lease(job, 6);
    report(*worker, 1, job, 5, TrainingStarted{0, "began"});
    const auto stop = next<Stop>(*worker);
    EXPECT_EQ(stop.lease, 5u);
    EXPECT_FALSE(stop.forget);
    report(*worker, 2, job, 6, TrainingStarted{0, "began"});
    EXPECT_EQ(news(job).report_id, 2u);
}

TEST_F(WorkerLeasesTest, AnotherWorkersReportUnderTheCurrentNumberIsAnsweredStop) {
    hub->set_recovered({});
    const WorkerPtr worker = connect(key);
    lease(job, 5);
    const WorkerPtr impostor = connect(other_key);
    report(*impostor, 1, job, 5, TrainingStarted{0, "began"});
    EXPECT_EQ(next<Stop>(*impostor).job, job);
    report(*worker, 2, job, 5, TrainingStarted{0, "began"});
    EXPECT_EQ(news(job).report_id, 2u);
}

TEST_F(WorkerLeasesTest, ReportsAboutAnUnknownJobAreAnsweredForget) {
    hub->set_recovered({});
    const WorkerPtr worker = connect(key);
    report(*worker, 1, job, 5, TrainingStarted{0, "began"});
    EXPECT_TRUE(next<Stop>(*worker).forget);
}

TEST_F(WorkerLeasesTest, AfterAMastersStartReportsWaitUntilTheirLeaseIsAdopted) {
    const WorkerPtr worker = connect(key, {{job, 5}});
    report(*worker, 1, job, 5, CheckpointSaved{});
    run(let_others_run());
    EXPECT_EQ(hub->idle_workers(), 0u);  // it may belong to a JOB that is not adopted yet
    adopt(job, 5, key.address());
    EXPECT_TRUE(std::holds_alternative<WorkerConnected>(news(job).body));
    EXPECT_EQ(news(job).report_id, 1u);
    hub->set_recovered({job});
    report(*worker, 2, job, 5, CheckpointSaved{});
    EXPECT_EQ(news(job).report_id, 2u);
}

TEST_F(WorkerLeasesTest, AfterRecoveryWhatIsNotAdoptedStopsAndWhatIsNotAliveIsForgotten) {
    const WorkerPtr worker = connect(key, {{job, 5}, {other_job, 3}, {job_id(3), 1}});
    report(*worker, 1, job_id(3), 1, CheckpointSaved{});
    adopt(job, 5, key.address());
    hub->set_recovered({job, other_job});
    const auto stopped = next<Stop>(*worker);
    EXPECT_EQ(stopped.job, other_job);
    EXPECT_FALSE(stopped.forget);
    const auto forgotten = next<Stop>(*worker);
    EXPECT_EQ(forgotten.job, job_id(3));
    EXPECT_TRUE(forgotten.forget);
    EXPECT_EQ(next<Stop>(*worker).job, job_id(3));  // the answer to its report, which had waited
}

TEST_F(WorkerLeasesTest, AJobThatEndedWhileItsWorkerWasAwayIsForgottenLater) {
    hub->set_recovered({});
    {
        const WorkerPtr worker = connect(key);
        lease(job, 5);
    }
    run(let_others_run());
    EXPECT_TRUE(std::holds_alternative<WorkerDisconnected>(news(job).body));
    hub->release(job, true, "declined");
    const WorkerPtr again = connect(key, {{job, 5}});
    const auto stop = next<Stop>(*again);
    EXPECT_EQ(stop.job, job);
    EXPECT_TRUE(stop.forget);
}

TEST_F(WorkerLeasesTest, AdoptTellsWhetherTheWorkerIsThere) {
    adopt(job, 5, key.address());
    EXPECT_TRUE(std::holds_alternative<WorkerDisconnected>(news(job).body));
    hub->set_recovered({job});
    EXPECT_EQ(hub->idle_workers(), 0u);
    ASSERT_EQ(hub->workers().size(), 1u);
    EXPECT_FALSE(hub->workers()[0].connected);
    run(hub->order(assign(job, 5)));  // lost: nobody is there
    const WorkerPtr worker = connect(key);
    EXPECT_TRUE(std::holds_alternative<WorkerConnected>(news(job).body));
    EXPECT_EQ(hub->idle_workers(), 0u);
    run(hub->order(assign(job, 5)));
    EXPECT_EQ(next<Assign>(*worker).job, job);
}

TEST_F(WorkerLeasesTest, ASecondConnectionReplacesTheFirstAndKeepsTheLease) {
    hub->set_recovered({});
    const WorkerPtr first = connect(key);
    lease(job, 5);
    const WorkerPtr second = connect(key, {{job, 5}});
    EXPECT_FALSE(run(first->end()).empty());
    run(let_others_run());
    EXPECT_TRUE(std::holds_alternative<WorkerConnected>(news(job).body));
    EXPECT_EQ(hub->workers().size(), 1u);
    EXPECT_TRUE(hub->workers()[0].connected);
    report(*second, 9, job, 5, CheckpointSaved{});
    EXPECT_EQ(news(job).report_id, 9u);
}

TEST_F(WorkerLeasesTest, AFormerHolderIsStoppedWhenTheLeaseGoesToAnother) {
    hub->set_recovered({});
    const WorkerPtr former = connect(key);
    lease(job, 5);
    run(hub->order(assign(job, 5)));
    next<Assign>(*former);
    const WorkerPtr fresh = connect(other_key);
    adopt(job, 6, other_key.address());
    const auto stop = next<Stop>(*former);
    EXPECT_EQ(stop.lease, 5u);
    EXPECT_FALSE(stop.forget);
    hub->release(job, true, "verified");
    EXPECT_TRUE(next<Stop>(*former).forget);  // its files are of no use any more, either
}

TEST_F(WorkerLeasesTest, OrdersOfAnOldNumberAreNotSent) {
    hub->set_recovered({});
    const WorkerPtr worker = connect(key);
    lease(job, 6);
    run(hub->order(assign(job, 5)));
    run(hub->order(assign(job, 6)));
    EXPECT_EQ(next<Assign>(*worker).lease, 6u);
}

TEST_F(WorkerLeasesTest, ReservingWaitsForAWorkerFirstComeFirstServed) {
    hub->set_recovered({});
    std::vector<JobId> served;
    for (const JobId& waiting : {job, other_job})
        asio::co_spawn(io, hub->reserve(waiting, {}), [&served, waiting](std::exception_ptr error, Address) {
            if (!error) served.push_back(waiting);
        });
    run(let_others_run());
    EXPECT_TRUE(served.empty());
    const WorkerPtr worker = connect(key);
    EXPECT_THAT(served, ::testing::ElementsAre(job));
    hub->release(job, false, "enough");
    run(let_others_run());
    EXPECT_THAT(served, ::testing::ElementsAre(job, other_job));
    EXPECT_EQ(hub->workers()[0].job, other_job);
}

Task<> reserve(node::WorkerServer* hub, JobId wanting) {
    Task<Address> reserving = hub->reserve(wanting, {});
    co_await std::move(reserving);
}

TEST_F(WorkerLeasesTest, ACancelledReserveLetsTheNextOneThrough) {
    hub->set_recovered({});
    std::vector<JobId> served;
    SpawnedTask first(executor());
    first.start(reserve(hub.get(), job), [](const std::exception_ptr&) {});
    asio::co_spawn(io, hub->reserve(other_job, {}), [&](std::exception_ptr error, Address) {
        if (!error) served.push_back(other_job);
    });
    run(let_others_run());
    first.cancel();
    run(let_others_run());
    const WorkerPtr worker = connect(key);
    EXPECT_THAT(served, ::testing::ElementsAre(other_job));
}

TEST_F(WorkerLeasesTest, ThePreferredWorkerIsTakenWhenItIsIdle) {
    hub->set_recovered({});
    const WorkerPtr one = connect(key);
    const WorkerPtr two = connect(other_key);
    EXPECT_EQ(run(hub->reserve(job, {other_key.address()})), other_key.address());
    EXPECT_EQ(run(hub->reserve(other_job, {other_key.address()})), key.address());
}

TEST_F(WorkerLeasesTest, NobodyIsHandedOutBeforeRecovery) {
    const WorkerPtr worker = connect(key);
    bool served = false;
    asio::co_spawn(io, hub->reserve(other_job, {}), [&](std::exception_ptr, Address) { served = true; });
    run(let_others_run());
    EXPECT_FALSE(served);
    adopt(job, 5, key.address());
    hub->set_recovered({job, other_job});
    run(let_others_run());
    EXPECT_FALSE(served);
    hub->release(job, true, "done");
    run(let_others_run());
    EXPECT_TRUE(served);
}

TEST_F(WorkerLeasesTest, AReleasedJobHasNoNews) {
    hub->set_recovered({});
    const WorkerPtr worker = connect(key);
    lease(job, 5);
    hub->release(job, false, "enough");
    EXPECT_TRUE(inboxes.at(job)->closed());
    EXPECT_EQ(inboxes.at(job)->front(), nullptr);
}

TEST_F(WorkerLeasesTest, AFloodOfReportsWaitsAtTheWorkerAndNoneIsLost) {
    hub->set_recovered({});
    const WorkerPtr worker = connect(key);
    lease(job, 5);
    constexpr std::uint64_t count = 300;
    for (std::uint64_t id = 1; id <= count; ++id) report(*worker, id, job, 5, CheckpointSaved{});
    for (std::uint64_t id = 1; id <= count; ++id) EXPECT_EQ(news(job).report_id, id);
}

}  // namespace
}  // namespace emeth::test
