// What becomes of a JOB when its worker fails.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "node_world.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
namespace wp = worker_protocol;

class PipelineWorkerTest : public NodeWorld {
protected:
    static inline const wp::StepFailed hopeless{"train", true, "the loss is not finite", true};

    /// Training that never ends on its own.
    void train_without_end() {
        hub.script.pop_back();
        start(true);
        ASSERT_TRUE(run_until([this] { return count<sm::CheckpointSaved>() == 2; }));
    }
};

TEST_F(PipelineWorkerTest, ALostWorkerThatComesBackInTimeKeepsItsLease) {
    train_without_end();
    hub.disconnect(worker_1, "connection reset");
    ASSERT_TRUE(run_until([this] { return count<sm::WorkerLost>() == 1; }));
    run_for(30);
    hub.connect(worker_1);
    ASSERT_TRUE(run_until([this] { return hub.assignments == 2; })) << "the order is given again to the new connection";
    hub.send(job_id, wp::TrainingStarted{80, "the trainer was restarted"});
    hub.send(job_id, wp::Trained{artifact});
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(count<sm::LeaseGranted>(), 1);
    EXPECT_EQ(count<sm::LeaseRevoked>(), 0);
    EXPECT_EQ(count<sm::TrainingResumed>(), 1);
    expect_verified_once();
}

/// One bad dataset took 30 attempts and benched two healthy workers for half an hour each.
TEST_F(PipelineWorkerTest, WhatATrainerCallsHopelessIsTriedElsewhereAndBenchesNobody) {
    hub.sick.insert(worker_1);
    hub.failure_of_sick = hopeless;
    hub.add_worker(worker_2);
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::LeaseRevoked>() == 1; }, 10)) << "another one may see for itself";
    for (const auto& worker : hub.workers()) EXPECT_LE(worker.rest, node::SickList::short_rest);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(record().lease.worker, worker_2);
}

TEST_F(PipelineWorkerTest, AJobThatEveryWorkerCallsHopelessIsGivenBack) {
    hub.sick = {worker_1, worker_2};
    hub.failure_of_sick = hopeless;
    hub.add_worker(worker_2);
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::declined, 900));
    EXPECT_GE(count<sm::LeaseGranted>(), 2);
    EXPECT_LE(count<sm::LeaseGranted>(), 40) << "as many as fit into the watch's patience";
    const auto history = real_store->jobs().history(job_id).value();
    const auto is_permanent = [](const storage::HistoryEntry& entry) {
        const auto* failed = std::get_if<sm::StepFailed>(&entry.event.body);
        return failed != nullptr && failed->failure == sm::FailureClass::permanent;
    };
    EXPECT_EQ(std::ranges::count_if(history, is_permanent), count<sm::StepFailed>());
    for (const auto& worker : hub.workers()) EXPECT_LE(worker.rest, node::SickList::short_rest);
}

/// A single worker fetches the dataset anew before it is believed.
TEST_F(PipelineWorkerTest, OneWorkerSaysTwiceThatAJobIsHopeless) {
    hub.sick = {worker_1};
    hub.failure_of_sick = hopeless;
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::LeaseRevoked>() == 1; }, 10));
    EXPECT_TRUE(hub.forgotten.contains(job_id));
    ASSERT_TRUE(run_until_state(sm::State::declined, 900));
    EXPECT_GE(count<sm::LeaseGranted>(), 2);
}

/// A worker that lies, or whose machine is broken, must not cost the deposit while another is only busy.
TEST_F(PipelineWorkerTest, AJobIsNotHopelessBeforeABusyWorkerHasHadItsSay) {
    const JobId other_job = repeated<JobId>(0x77);
    hub.add_worker(worker_2);
    hub.adopt(other_job, 1, worker_2, node::Hold::work);
    hub.sick = {worker_1};
    hub.failure_of_sick = hopeless;
    start(true);
    run_for(1'800);
    EXPECT_GE(count<sm::LeaseGranted>(), 3);
    EXPECT_EQ(count<sm::DeclineDecided>(), 0);
    hub.release(other_job, true, "verified");
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(record().lease.worker, worker_2);
}

TEST_F(PipelineWorkerTest, ADatasetOfAnotherSizeThanTheDepositWasMadeForIsGivenBack) {
    hub.sick = {worker_1};
    hub.failure_of_sick = {"download", false, "announces 999 bytes; 1000000 were expected", true};
    artifacts.datasets[record().terms.dataset] = 1'000'000;
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::StepFailed>() == 4; }));
    EXPECT_EQ(count<sm::DeclineDecided>(), 0) << "the worker's own line may cut it short";
    artifacts.datasets[record().terms.dataset] = 999;
    ASSERT_TRUE(run_until_state(sm::State::declined, 900));
}

TEST_F(PipelineWorkerTest, AFailingStorageApiIsNoFaultOfTheWorkerAtHand) {
    hub.sick = {worker_1};
    hub.failure_of_sick = {.step = "download", .message = "answered 503", .needs_order = true, .service_failed = true};
    hub.add_worker(worker_2);
    start(true);
    run_for(1'800);
    EXPECT_EQ(count<sm::LeaseRevoked>(), 0);
    for (const auto& worker : hub.workers()) EXPECT_EQ(worker.rest, Milliseconds(0));
    hub.sick.clear();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(record().lease.worker, worker_1);
}

TEST_F(PipelineWorkerTest, AWorkerThatOnlySaysThatItWorksLosesItsLease) {
    const auto honest = std::exchange(hub.script, {});
    start(true);
    ASSERT_TRUE(run_until([this] { return hub.assignments == 1; }));
    hub.script = honest;
    hub.add_worker(worker_2);
    for (std::uint64_t minute = 1; minute < 50 && count<sm::LeaseRevoked>() == 0; ++minute) {
        for (std::uint64_t second = 0; second < 60 && count<sm::LeaseRevoked>() == 0;
             ++second) {  // news is always waiting
            hub.send(job_id, wp::Progress{.stage = "training", .step = minute * 60 + second, .steps_total = 9'999});
            run_for(1);
        }
    }
    EXPECT_EQ(count<sm::LeaseRevoked>(), 1);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(record().lease.worker, worker_2);
    expect_verified_once();
}

TEST_F(PipelineWorkerTest, AWorkerThatIsAloneKeepsItsLease) {
    hub.script.clear();
    start(true);
    run_for(4 * 3'600);
    EXPECT_EQ(count<sm::LeaseRevoked>(), 0) << "it may still come round, and nobody else could do better";
}

TEST_F(PipelineWorkerTest, AReportUnderALeaseThatIsOverIsNotTakenForOneOfThePresentLease) {
    hub.script.resize(3);  // up to the first checkpoint
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::CheckpointSaved>() == 1; }));
    const auto lease = record().lease.number;
    hub.inboxes.at(job_id)->offer({0, job_id, lease - 1, worker_protocol::Trained{artifact}});
    run_for(30);
    EXPECT_EQ(count<sm::TrainingFinished>(), 0);
    hub.inboxes.at(job_id)->offer({0, job_id, lease, worker_protocol::Trained{artifact}});
    run_for(30);
    EXPECT_EQ(count<sm::TrainingFinished>(), 1);
}

TEST_F(PipelineWorkerTest, ALostWorkerLosesItsLeaseAfterTheGraceAndAnotherOneTrains) {
    train_without_end();
    hub.disconnect(worker_1, "connection reset");
    run_for(50);
    EXPECT_EQ(count<sm::LeaseRevoked>(), 0);
    hub.script.push_back(wp::Trained{artifact});
    hub.add_worker(worker_2);
    ASSERT_TRUE(run_until([this] { return count<sm::LeaseRevoked>() == 1; }, 20));
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(record().lease.number, 2U);
    EXPECT_EQ(record().lease.worker, worker_2);
    expect_verified_once();
}

/// Hours of training were thrown away for a minute's absence, although nobody else could finish in time.
TEST_F(PipelineWorkerTest, WhatWasTrainedIsNotGivenUpForAWorkerThatCannotFinishInTime) {
    train_without_end();
    hub.add_worker(worker_2, 200);  // idle, and seven hours of work before it
    hub.disconnect(worker_1, "connection reset");
    run_for(90);
    EXPECT_EQ(count<sm::LeaseRevoked>(), 0);
    hub.connect(worker_1);
    ASSERT_TRUE(run_until([this] { return hub.assignments == 2; }));
    hub.send(job_id, wp::Trained{artifact});
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(record().lease.worker, worker_1);
    EXPECT_EQ(count<sm::LeaseRevoked>(), 0);
    expect_verified_once();
}

TEST_F(PipelineWorkerTest, AnAbsentWorkerIsWaitedForUntilAnotherComesFreeThatFinishesInTime) {
    train_without_end();
    hub.disconnect(worker_1, "connection reset");
    run_for(600);
    EXPECT_EQ(count<sm::LeaseRevoked>(), 0) << "nobody else is there";
    hub.script.push_back(wp::Trained{artifact});
    hub.add_worker(worker_2);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(record().lease.worker, worker_2);
    expect_verified_once();
}

/// A full disk, for example: the worker stayed connected and was given the order again and again until the deadline.
TEST_F(PipelineWorkerTest, AWorkerThatFailsAgainAndAgainLosesTheJobToAnIdleOne) {
    hub.sick = {worker_1};
    hub.add_worker(worker_2);
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified, 600));
    EXPECT_EQ(record().lease.worker, worker_2);
    EXPECT_EQ(count<sm::LeaseRevoked>(), 1);
    EXPECT_EQ(hub.idle_workers(), 1U) << "the sick one rests";
    expect_verified_once();
}

TEST_F(PipelineWorkerTest, AWorkerThatFailedAloneUntilTheEndGetsNoNewJob) {
    hub.sick = {worker_1};
    start(true);
    run_for(300);
    EXPECT_EQ(count<sm::LeaseGranted>(), 1) << "nobody else is there: it keeps the JOB";
    ASSERT_TRUE(pipeline().request_decline("the operator declined it").has_value());
    ASSERT_TRUE(run_until_state(sm::State::declined));
    ASSERT_TRUE(run_until([this] { return hub.releases > 0; }));
    EXPECT_EQ(hub.idle_workers(), 0U) << "or it burns the next deposit";
    ASSERT_EQ(hub.workers().size(), 1U);
    EXPECT_FALSE(hub.workers()[0].job);
    EXPECT_GT(hub.workers()[0].rest, Milliseconds(20 * 60'000));
}

/// Found by the simulation: when the disk recovered, the lease turned out to be durable, but by then its worker had
/// been reserved for another JOB.
TEST_F(PipelineWorkerTest, AWorkerIsNobodyElsesWhileItsLeaseMayBeDurable) {
    hub.disconnect(worker_1, "away");
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::accepted));
    run_for(120);  // the transactions of the deposit are settled: the next write is the lease's
    std::optional<Address> of_another_job;
    const auto reserved = [&](const std::exception_ptr&, Address worker) { of_another_job = worker; };
    store->fails_too_late = 1;
    hub.connect(worker_1);
    ASSERT_TRUE(run_until([this] { return store->failure.has_value(); }));
    asio::co_spawn(io, hub.reserve(repeated<JobId>(0x12), {worker_1}), reserved);
    run_for(5);
    EXPECT_EQ(record().lease.worker, worker_1);
    EXPECT_FALSE(of_another_job);
    hub.add_worker(worker_2);
    store->failure.reset();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(of_another_job, worker_2);
    expect_verified_once();
}

TEST_F(PipelineWorkerTest, FailuresWithProgressBetweenThemDoNotAddUp) {
    hub.add_worker(worker_2);
    train_without_end();
    for (std::uint64_t step = 81; step < 95; ++step) {
        hub.send(job_id, wp::StepFailed{"train", false, "killed by signal 9", false});
        hub.send(job_id, wp::CheckpointSaved{{1, step, repeated<Hash256>(0x80), 3.2}});
    }
    hub.send(job_id, wp::Trained{artifact});
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(count<sm::LeaseRevoked>(), 0);
    EXPECT_EQ(hub.idle_workers(), 2U);
}

TEST_F(PipelineWorkerTest, ReportsOfAnOldLeaseChangeNothing) {
    train_without_end();
    hub.disconnect(worker_1, "connection reset");
    hub.script = {wp::DatasetReady{repeated<Hash256>(0xdd), 1'000'000, 250'000, 100}};
    hub.add_worker(worker_2);
    ASSERT_TRUE(run_until([this] { return count<sm::LeaseGranted>() == 2; }));
    hub.connect(worker_1);  // resends nothing that was acknowledged, and has no lease
    run_for(5);
    EXPECT_EQ(record().lease.worker, worker_2);
    EXPECT_FALSE(record().training.checkpoint.has_value()) << "the checkpoint was a file of the first worker";
}

TEST_F(PipelineWorkerTest, AStepThatTheWorkerCouldNotDoIsOrderedAgainAfterTheBackOff) {
    auto script = hub.script;
    hub.script = {wp::StepFailed{"download", true, "the URL has expired", true}};
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::StepFailed>() == 1; }));
    EXPECT_EQ(record().retry.step, "download");
    EXPECT_EQ(record().state, sm::State::downloading);
    const auto orders = hub.assignments;
    ASSERT_TRUE(run_until([&] { return hub.assignments == orders + 1; }));
    EXPECT_GE(clock.unix_ms(), record().retry.retry_at_unix_ms);
    for (const auto& body : script) hub.send(job_id, body);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
}

TEST_F(PipelineWorkerTest, ATrainerThatTheWorkerRestartsByItselfNeedsNoOrder) {
    train_without_end();
    const auto orders = hub.assignments;
    hub.send(job_id, wp::StepFailed{"training", false, "emeth-trainer ended by signal 9 (SIGKILL)", false});
    ASSERT_TRUE(run_until([this] { return count<sm::StepFailed>() == 1; }));
    run_for(60);
    EXPECT_EQ(hub.assignments, orders);
    hub.send(job_id, wp::TrainingStarted{80, "the trainer was restarted"});
    hub.send(job_id, wp::Trained{artifact});
    ASSERT_TRUE(run_until_state(sm::State::verified));
}

TEST_F(PipelineWorkerTest, ADatasetThatDiffersFromTheOneOnRecordIsFetchedAnew) {
    train_without_end();
    hub.disconnect(worker_1, "connection reset");
    const auto good = hub.script;
    hub.script = {wp::DatasetReady{repeated<Hash256>(0xee), 1'000'000, 250'000, 100}};
    hub.add_worker(worker_2);
    ASSERT_TRUE(run_until([this] { return count<sm::LeaseRevoked>() == 2; }));
    EXPECT_TRUE(hub.forgotten.contains(job_id)) << "the damaged files are thrown away";
    hub.script = good;
    hub.script.push_back(wp::Trained{artifact});
    ASSERT_TRUE(run_until_state(sm::State::verified));
}

TEST_F(PipelineWorkerTest, AFalseFirstReportOfTheDatasetDoesNotKeepTheHonestOnesOut) {
    auto honest = hub.script;
    honest.front() = wp::DatasetReady{repeated<Hash256>(0xee), 1'000'000, 250'000, 100};
    train_without_end();
    hub.disconnect(worker_1, "connection reset");
    hub.script = honest;
    hub.add_worker(worker_2);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(count<sm::LeaseGranted>(), 3) << "one more fetch, since nobody knows which of two is wrong";
    EXPECT_EQ(*record().dataset.sha256, repeated<Hash256>(0xee));
    expect_verified_once();
}

TEST_F(PipelineWorkerTest, WaitsForAWorkerAsLongAsItTakes) {
    hub.disconnect(worker_1, "away");
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::accepted));
    run_for(1'000);
    EXPECT_EQ(record().state, sm::State::accepted);
    hub.connect(worker_1);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
}

wp::Progress progress_of_leader() {
    wp::Progress told{"training", 1, 90, 100, 0, 0, 3.1, 1'000};
    told.rendezvous = trainer_protocol::Rendezvous{"127.0.0.1", 7'000, repeated<Hash256>(5)};
    return told;
}

TEST_F(PipelineWorkerTest, IdleWorkersAreCalledToHelpWhereTheOperatorWantsIt) {
    settings.cooperative = true;
    hub.callable_helpers = 1;
    train_without_end();
    hub.send(job_id, progress_of_leader());
    ASSERT_TRUE(run_until([&] { return hub.calls_for_help.size() == 1; }));
    EXPECT_FALSE(progress.find(job_id)->rendezvous) << "its token is nothing for a display";
    const wp::Join& call = hub.calls_for_help.at(0);
    EXPECT_EQ(call.work.job, job_id);
    EXPECT_EQ(call.work.lease, 1U);
    EXPECT_TRUE(call.work.cooperative);
    EXPECT_EQ(call.rendezvous, *progress_of_leader().rendezvous);
    EXPECT_FALSE(call.work.dataset_url.empty());
    hub.send(job_id, progress_of_leader());
    run_for(5);
    EXPECT_EQ(hub.calls_for_help.size(), 1U) << "nobody is left to be called";
}

/// Progress, and with it the speed that decides about declining, is not kept waiting.
TEST_F(PipelineWorkerTest, HelpersThatCannotBeCalledHoldUpNothing) {
    settings.cooperative = true;
    hub.callable_helpers = 1;
    train_without_end();
    artifacts.hang_dataset_urls = true;
    const int asked = artifacts.dataset_urls;
    for (std::uint64_t step = 91; step < 100; ++step) {
        wp::Progress told = progress_of_leader();
        told.step = step;
        hub.send(job_id, told);
        ASSERT_TRUE(run_until([&] { return progress.find(job_id)->step == step; }, 1));
    }
    EXPECT_EQ(artifacts.dataset_urls, asked + 1);
    hub.send(job_id, wp::Trained{artifact});
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_TRUE(hub.calls_for_help.empty());
    expect_verified_once();
}

TEST_F(PipelineWorkerTest, NobodyIsCalledToHelpWhereEachTrainsForItself) {
    hub.callable_helpers = 1;
    train_without_end();
    hub.send(job_id, progress_of_leader());
    ASSERT_TRUE(run_until([&] { return progress.find(job_id).has_value(); }));
    run_for(5);
    EXPECT_TRUE(hub.calls_for_help.empty());
}

TEST_F(PipelineWorkerTest, ProgressIsShownAndNotDurable) {
    train_without_end();
    const auto sequence = record().sequence;
    hub.send(job_id, wp::Progress{"training", 1, 90, 100, 0, 0, 3.1, 1'000});
    ASSERT_TRUE(run_until([this] { return progress.find(job_id).has_value(); }));
    EXPECT_EQ(progress.find(job_id)->step, 90U);
    EXPECT_EQ(record().sequence, sequence);
}

}  // namespace
}  // namespace emeth::test
