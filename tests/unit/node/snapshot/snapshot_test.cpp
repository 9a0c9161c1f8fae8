// What a snapshot says of a node: money at risk, time to spare, and who is in danger; the same in its JSON.
#include "node/snapshot/snapshot.hpp"

#include <gmock/gmock.h>

#include <boost/json/serialize.hpp>

#include "chain/amount.hpp"
#include "node/snapshot/snapshot_json.hpp"
#include "support/job_events.hpp"
#include "support/worker_fitness.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
using node::make_snapshot;
using node::Snapshot;
using node::SnapshotSources;
using sm::State;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t now_s = 1'800'000'000;

/// Trained with `nano` by a worker that makes 1,000 tokens/s.
struct Scene {
    node::ProgressBoard progress;
    std::vector<sm::Job> active;
    std::vector<node::WorkerInfo> workers;
    bool rates_are_known = true;

    sm::Job& add(State state, std::uint64_t id, std::int64_t left_s) {
        sm::Job job = job_in(state);
        job.terms.id = numbered<JobId>(id);
        job.terms.param = R"({"language":"en","epoch":2,"model":"nano"})";
        job.terms.deadline_unix_s = now_s + left_s;
        active.push_back(std::move(job));
        return active.back();
    }
    /// With half of 1,000,000 tokens of 2 epochs still to do: 1,000 s.
    void trains(sm::Job& job) {
        job.dataset.tokens = 1'000'000;
        worker_protocol::Progress report;
        report.stage = "training";
        report.step = 500;
        report.steps_total = 1'000;
        report.tokens_per_s = 1'000;
        progress.put(job.terms.id, report, Milliseconds(0));
    }
    [[nodiscard]] Snapshot snapshot(bool has_master = true) const {
        chain::Constants constants;
        if (rates_are_known) constants.core = numbered<Address>(7);
        constants.verifier_fee = *chain::parse_coins("4");
        constants.timeout_penalty_rate = 25'000;
        constants.failed_penalty_rate = 30'000;
        constants.decline_penalty_rate = 20'000;
        constants.deposit_rate = 100'000;
        return make_snapshot({now_s * 1'000,
                              Milliseconds(7'900),
                              has_master,
                              numbered<Address>(9),
                              constants,
                              {},
                              false,
                              active,
                              {},
                              workers,
                              progress,
                              std::nullopt});
    }
};

Wei coins(std::string_view text) {
    return *chain::parse_coins(text);
}

TEST(Snapshot, AddsUpWhatIsLockedAndWhatIsAtRisk) {
    Scene scene;
    scene.add(State::training, 1, 10'000).deposit.deposit = coins("20");
    scene.add(State::submitted, 2, 10'000).deposit.deposit = coins("10");
    scene.add(State::discovered, 3, 10'000).deposit.deposit = {};
    const Snapshot now = scene.snapshot();
    EXPECT_EQ(now.locked, coins("30"));
    EXPECT_EQ(now.at_risk, coins("12")) << "a quarter of 20 for a deadline; 30% of 10 and the fee of 4 for a rejection";
    scene.rates_are_known = false;
    EXPECT_EQ(scene.snapshot().at_risk, std::nullopt);
    EXPECT_FALSE(to_json(scene.snapshot()).contains("atRisk")) << "not as if nothing were at risk";
}

TEST(Snapshot, SaysWhatADeclineCostsForAsLongAsItIsPossible) {
    Scene scene;
    scene.add(State::training, 1, 10'000).deposit.deposit = coins("20");
    scene.add(State::submitted, 2, 10'000).deposit.deposit = coins("20");
    const Snapshot now = scene.snapshot();
    EXPECT_EQ(now.jobs.at(0).decline_price, coins("4"));
    EXPECT_EQ(now.jobs.at(1).decline_price, std::nullopt) << "it is submitted";
}

TEST(Snapshot, ADepositThatIsSignedIsToldBeforeItIsConfirmed) {
    Scene scene;
    sm::Job& job = scene.add(State::discovered, 1, 10'000);
    job.deposit = {};
    job.terms.fee = coins("20");
    EXPECT_EQ(scene.snapshot().jobs.front().deposit_in_flight, std::nullopt) << "nothing is signed";
    job.deposit.process = tx(7);
    EXPECT_EQ(scene.snapshot().jobs.front().deposit_in_flight, coins("20"));
    EXPECT_EQ(scene.snapshot().jobs.front().decline_price, coins("4"));
    job.deposit.deposit = coins("20");
    EXPECT_EQ(scene.snapshot().jobs.front().deposit_in_flight, std::nullopt) << "it is locked";
}

TEST(Snapshot, ASlotsRewardIsSharedByGas) {
    chain::Slot slot;
    slot.reward = coins("288000");
    EXPECT_EQ(node::expected_reward(slot), std::nullopt);
    slot.own_gas = 1;
    slot.total_gas = 3;
    EXPECT_EQ(node::expected_reward(slot), coins("96000"));
    slot.own_gas = slot.total_gas = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(node::expected_reward(slot), coins("288000"));
    slot.total_gas = 1;
    EXPECT_EQ(node::expected_reward(slot), std::nullopt) << "no contract says so";
}

TEST(Snapshot, ADayHasItsDateAndWhatItBrought) {
    node::DayOfIncome day;
    day.day = 20'421;
    day.fees = coins("20");
    day.withdrawn = coins("1.5");
    day.is_withdrawn = true;
    const boost::json::object json = node::day_json(day, std::nullopt);
    EXPECT_EQ(json.at("day"), "2025-11-29");
    EXPECT_EQ(json.at("earned"), "21500000000000000000");
    EXPECT_FALSE(json.contains("slot"));
    day.withdrawn.reset();
    EXPECT_TRUE(node::day_json(day, std::nullopt).at("withdrawn").is_null()) << "withdrawn, but nobody knows how much";
}

TEST(Snapshot, AJobThatNobodyCanEstimateIsInDangerAllTheSame) {
    Scene scene;
    sm::Job& job = scene.add(State::accepted, 1, 60);
    job.lease.active = false;
    job.deposit.deposit = coins("20");
    EXPECT_THAT(scene.snapshot().jobs.front().danger, HasSubstr("deadline"));
}

TEST(Snapshot, WhatIsTrainedIsNotEstimatedAgain) {
    Scene scene;
    sm::Job& job = scene.add(State::training, 1, 10'000);
    scene.trains(job);
    worker_protocol::Progress report = *scene.progress.find(job.terms.id);
    report.stage = "validation";
    report.step = report.steps_total;
    report.tokens_per_s = 0;
    scene.progress.put(job.terms.id, report, Milliseconds(0));
    node::WorkerInfo worker;
    worker.address = job.lease.worker;
    worker.connected = true;
    worker.fitness = fit_for_everything(1'000);
    worker.power_capacity = 27'300;
    scene.workers.push_back(worker);
    EXPECT_EQ(scene.snapshot().jobs.front().finish_estimate_s, 0);
    scene.progress.erase(job.terms.id);
    EXPECT_GT(scene.snapshot().jobs.front().finish_estimate_s, 0) << "by what the worker has measured";
}

TEST(Snapshot, EstimatesTrainingByTheSpeedThatIsReported) {
    Scene scene;
    scene.trains(scene.add(State::training, 1, 10'000));
    const Snapshot now = scene.snapshot();
    EXPECT_EQ(now.jobs.front().finish_estimate_s, 1'000);
    EXPECT_EQ(now.jobs.front().left_s, 10'000);
    EXPECT_THAT(now.jobs.front().danger, IsEmpty());
}

TEST(Snapshot, EstimatesTheRestByTheWorkersThatCouldDoIt) {
    Scene scene;
    sm::Job& job = scene.add(State::accepted, 1, 10'000);
    job.lease.active = false;
    job.terms.dataset_bytes = 1'000'000;
    EXPECT_EQ(scene.snapshot().jobs.front().finish_estimate_s, std::nullopt) << "nobody could";
    node::WorkerInfo worker;
    worker.address = numbered<Address>(1);
    worker.connected = true;
    worker.fitness = fit_for_everything(1'000);
    scene.workers.push_back(worker);
    EXPECT_GT(scene.snapshot().jobs.front().finish_estimate_s, 800);
}

TEST(Snapshot, ShowsTheEndangeredFirstAndTheSubmittedLast) {
    Scene scene;
    scene.add(State::submitted, 1, 60).deposit.deposit = coins("10");
    scene.trains(scene.add(State::training, 2, 50'000));
    sm::Job& late = scene.add(State::training, 3, 1'001);
    late.deposit.deposit = coins("20");
    scene.trains(late);
    scene.trains(scene.add(State::training, 4, 40'000));
    const Snapshot now = scene.snapshot();
    std::vector<JobId> order;
    for (const auto& job : now.jobs) order.push_back(job.id);
    EXPECT_THAT(order,
                ::testing::ElementsAre(numbered<JobId>(3), numbered<JobId>(4), numbered<JobId>(2), numbered<JobId>(1)));
    EXPECT_THAT(now.jobs.front().danger, HasSubstr("deadline"));
}

TEST(Snapshot, SaysHowLikelyAJobIsTrainedInTimeOnceItsSpeedIsKnown) {
    Scene scene;
    sm::Job& job = scene.add(State::training, 1, 100);
    scene.trains(job);
    EXPECT_EQ(scene.snapshot().jobs.front().chance, std::nullopt);
    worker_protocol::Progress report = *scene.progress.find(job.terms.id);
    for (int i = 1; i <= 8; ++i) {  // 5 steps per second; 500 more need the 100 s that are left
        report.step = static_cast<std::uint64_t>(100 + 50 * i);
        scene.progress.put(job.terms.id, report, Milliseconds(10'000 * i));
    }
    EXPECT_THAT(scene.snapshot().jobs.front().chance, ::testing::Optional(::testing::DoubleNear(0.5, 1e-6)));
    job.outcome.decline_reason = "the operator declined it";
    EXPECT_EQ(scene.snapshot().jobs.front().chance, std::nullopt) << "it is not trained any more";
}

TEST(Snapshot, AWorkerThatIsAwayIsWaitedFor) {
    Scene scene;
    sm::Job& job = scene.add(State::training, 1, 10'000);
    scene.trains(job);
    EXPECT_THAT(scene.snapshot().jobs.front().next, HasSubstr("connect again"));
    node::WorkerInfo worker;
    worker.address = job.lease.worker;
    worker.connected = true;
    scene.workers.push_back(worker);
    EXPECT_THAT(scene.snapshot().jobs.front().next, HasSubstr("trains until about 08:16:40 UTC"));
}

TEST(Snapshot, SaysWhatIsDoneNextAndWhatWaitsOutABackOff) {
    Scene scene;
    sm::Job& job = scene.add(State::training, 1, 10'000);
    job.retry = {1, (now_s + 60) * 1'000 + 1, "upload", "storage answered 503", 0};
    const boost::json::object json = to_json(scene.snapshot());
    const boost::json::object& only = json.at("jobs").as_array().at(0).as_object();
    EXPECT_THAT(std::string(only.at("next").as_string()), HasSubstr("tries the upload again at 08:01:00 UTC (try 2)"));
    EXPECT_EQ(only.at("retryAt").to_number<std::int64_t>(), now_s + 61);
    job.retry = {};
    EXPECT_EQ(scene.snapshot().jobs.front().retry_at_unix_ms, std::nullopt);
}

TEST(Snapshot, ShowsWhatAWorkerHasMeasured) {
    Scene scene;
    node::WorkerInfo worker;
    worker.connected = true;
    worker.fitness = fit_for_everything(1'000);
    scene.workers.push_back(worker);
    worker.fitness->watts = 230;
    scene.workers.push_back(worker);
    const boost::json::array workers = to_json(scene.snapshot()).at("workers").as_array();
    EXPECT_EQ(workers.at(0).as_object().at("tokensPerSecond").as_object().at("nano").to_number<int>(), 1'000);
    EXPECT_FALSE(workers.at(0).as_object().contains("watts")) << "its machine does not tell";
    EXPECT_EQ(workers.at(1).as_object().at("watts").to_number<int>(), 230);
}

TEST(Snapshot, IsTheSameForMachines) {
    Scene scene;
    sm::Job& job = scene.add(State::training, 1, 10'000);
    job.deposit.deposit = coins("20");
    scene.trains(job);
    const boost::json::object json = to_json(scene.snapshot(false));
    EXPECT_EQ(json.at("master"), false);
    EXPECT_EQ(json.at("locked"), "20000000000000000000");
    EXPECT_EQ(json.at("atRisk"), "5000000000000000000");
    const boost::json::object& only = json.at("jobs").as_array().at(0).as_object();
    EXPECT_EQ(only.at("state"), "training");
    EXPECT_EQ(only.at("finishEstimate").to_number<int>(), 1'000);
    EXPECT_EQ(only.at("secondsLeft").to_number<int>(), 10'000);
    EXPECT_EQ(only.at("progress").at("step").to_number<int>(), 500);
    EXPECT_EQ(only.at("heardSecondsAgo").to_number<int>(), 7);
    EXPECT_FALSE(json.contains("network")) << "nobody asked it";
}

}  // namespace
}  // namespace emeth::test
