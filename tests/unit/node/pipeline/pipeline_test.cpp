// A JOB's life: the happy path, and every way in which chain, requester, verifier and operator end it otherwise.
#include "chain/amount.hpp"
#include "node_world.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
namespace wp = worker_protocol;

class PipelineTest : public NodeWorld {};

TEST_F(PipelineTest, GoesFromDiscoveredToVerifiedWithOneDepositAndOneSubmit) {
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
    EXPECT_EQ(count<sm::CheckpointSaved>(), 2);
    EXPECT_EQ(count<sm::PartUploaded>(), 5);  // 25 MB in parts of 10 MB, and 12 MB of evidence
    EXPECT_EQ(record().outcome.gas, 5U);
    EXPECT_EQ(artifacts.completed_etags.size(), 3U);
    EXPECT_TRUE(run_until([this] { return hub.forgotten.contains(job_id); }, 10)) << "the worker may delete the files";
}

TEST_F(PipelineTest, ADepositThatTheStandingAllowanceCoversNeedsNoApprove) {
    chain.allowance = chain::parse_coins("20").value();
    allowance_cap = chain::parse_coins("50").value();
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified)) << sm::why(record(), clock.unix_ms());
    expect_verified_once();
    EXPECT_EQ(chain.mined("approve"), 0);
    EXPECT_FALSE(record().deposit.approve);
    EXPECT_EQ(chain.allowance, Wei{});
}

TEST_F(PipelineTest, WhereTheAllowanceIsUsedUpItsCapIsApprovedAgain) {
    chain.allowance = chain::parse_coins("19").value();
    allowance_cap = chain::parse_coins("50").value();
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified)) << sm::why(record(), clock.unix_ms());
    expect_verified_once();
    EXPECT_EQ(chain.mined("approve"), 1);
    EXPECT_TRUE(record().deposit.approve);
    EXPECT_EQ(chain.allowance, chain::parse_coins("30").value());
}

TEST_F(PipelineTest, TheWorkerIsFreeOnceTheResultIsUploaded) {
    verifier_verifies = false;
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::submitted));
    EXPECT_EQ(hub.idle_workers(), 1U);
    EXPECT_FALSE(hub.forgotten.contains(job_id)) << "its files are kept until the verdict";
}

TEST_F(PipelineTest, NothingDurableHoldsASignedUrl) {
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    std::string dump;
    ASSERT_TRUE(real_store->inspection().dump([&](std::string_view lines) { dump += lines; }).has_value());
    EXPECT_EQ(dump.find("secret"), std::string::npos);
}

TEST_F(PipelineTest, IsLostWhenAnotherNodeWasFirst) {
    chain.process(job_id, other_node);
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::lost));
    EXPECT_EQ(chain.broadcast.size() + static_cast<std::size_t>(chain.mined("approve")), 0U)
        << "no transaction is wasted";
}

/// A process that comes second reverts, and its gas is lost.
TEST_F(PipelineTest, SendsNothingWhileAnotherNodesProcessWaitsToBeMined) {
    chain.pooled[job_id] = chain::JobStatus::processing;
    start(true);
    ASSERT_TRUE(run_until([this] { return record().retry.attempt >= 2; }));
    EXPECT_EQ(record().retry.last_error, "a transaction that waits to be mined makes it PROCESSING");
    chain.pooled.clear();
    chain.process(job_id, other_node);
    ASSERT_TRUE(run_until_state(sm::State::lost));
    EXPECT_EQ(chain.broadcast.size() + static_cast<std::size_t>(chain.mined("approve")), 0U);
}

TEST_F(PipelineTest, TakesAJobThatTheOtherNodeDidNotGet) {
    chain.pooled[job_id] = chain::JobStatus::processing;
    start(true);
    ASSERT_TRUE(run_until([this] { return record().retry.attempt >= 1; }));
    chain.pooled.clear();
    ASSERT_TRUE(run_until_state(sm::State::verified));
}

TEST_F(PipelineTest, IsLostWhenAnotherNodeOvertakesTheSignedProcess) {
    chain.ignores_transactions = true;
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::DepositSigned>() == 1; }));
    chain.process(job_id, other_node);
    chain.ignores_transactions = false;
    ASSERT_TRUE(run_until_state(sm::State::lost));
    EXPECT_EQ(count<sm::ProcessReverted>(), 1);
    EXPECT_EQ(chain.mined("process"), 0);
    EXPECT_TRUE(real_store->outbox().pending().value().empty()) << "both transactions of the pair are settled";
}

TEST_F(PipelineTest, IsCanceledByTheRequester) {
    chain.cancel(job_id);
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::canceled));
    EXPECT_EQ(chain.mined("approve"), 0);
}

TEST_F(PipelineTest, IsSkippedWhenItBecameUnfit) {
    preflight.refusal = node::Refused{"its deadline passed 3 s ago", true};
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::skipped));
    EXPECT_EQ(record().outcome.end_reason, "became infeasible: its deadline passed 3 s ago");
}

TEST_F(PipelineTest, WaitsForWhatIsOnlyMissingNowAndGoesOn) {
    preflight.refusal = node::Refused{"no worker is connected", false};
    start(true);
    ASSERT_TRUE(run_until([this] { return record().retry.attempt >= 2; }));
    EXPECT_EQ(record().state, sm::State::discovered);
    preflight.refusal.reset();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
}

TEST_F(PipelineTest, LeavesTheJobToOthersWhenWhatIsMissingStaysMissing) {
    preflight.refusal = node::Refused{"no worker is connected", false};
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::skipped));
    EXPECT_EQ(count<sm::StepFailed>(), 8);
}

TEST_F(PipelineTest, AnEndpointThatIsDownOnlyDelays) {
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::training));
    chain.failure = transient_error("endpoint: connection refused");
    run_for(600);
    EXPECT_TRUE(sm::holds_deposit(record().state));
    chain.failure.reset();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
}

TEST_F(PipelineTest, AStorageApiThatIsDownOnlyDelaysAndTheBackOffIsDurable) {
    artifacts.failure = permanent_error("storage answered 404");
    start(true);
    ASSERT_TRUE(run_until([this] { return record().retry.attempt == 4; }));
    const auto before = record();
    EXPECT_EQ(before.state, sm::State::downloading) << "with a deposit locked no status is permanent";
    EXPECT_EQ(before.retry.step, "download");
    EXPECT_GT(before.retry.retry_at_unix_ms, clock.unix_ms());
    EXPECT_NE(sm::why(before, clock.unix_ms()).find("storage answered 404"), std::string::npos);

    kill();
    start();
    artifacts.failure.reset();
    ASSERT_TRUE(run_until([this] { return count<sm::DatasetReady>() == 1; }));
    EXPECT_GE(clock.unix_ms(), before.retry.retry_at_unix_ms) << "a restart does not shorten the wait";
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
}

TEST_F(PipelineTest, AFullDiskDelaysAndLosesNothing) {
    hub.script.pop_back();
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::CheckpointSaved>() == 2; }));
    store->failure = transient_error("cannot write: no space left on device");
    hub.send(job_id, worker_protocol::Trained{artifact});
    run_for(300);
    EXPECT_EQ(record().state, sm::State::training);
    store->failure.reset();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
}

TEST_F(PipelineTest, EndsTimedOutWithThePenaltyOfTheContract) {
    hub.script.clear();  // the worker never gets anywhere
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::downloading));
    chain.timeout(job_id);
    ASSERT_TRUE(run_until_state(sm::State::timed_out));
    EXPECT_EQ(record().outcome.penalty, chain::parse_coins("5").value());
    EXPECT_TRUE(run_until([this] { return hub.forgotten.contains(job_id); }, 10));
}

/// The published contract lets the verifier end a JOB at any time, and tells of no penalty.
TEST_F(PipelineTest, ATimeoutBeforeTheDeadlineIsToldAsItWas) {
    hub.script.clear();
    chain.pays = chain::Settlement{chain::parse_coins("18").value(), std::nullopt};
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::downloading));
    chain.timeout(job_id);
    ASSERT_TRUE(run_until_state(sm::State::timed_out));
    EXPECT_EQ(record().outcome.penalty, chain::parse_coins("2").value());
    EXPECT_NE(record().outcome.end_reason.find("before its deadline, penalty 2 EMT"), std::string::npos)
        << record().outcome.end_reason;
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
}

TEST_F(PipelineTest, APenaltyThatNobodyTellsIsUnknown) {
    hub.script.clear();
    chain.pays = chain::Settlement{};
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::downloading));
    chain.timeout(job_id);
    ASSERT_TRUE(run_until_state(sm::State::timed_out));
    EXPECT_EQ(record().outcome.penalty, std::nullopt);
    EXPECT_NE(record().outcome.end_reason.find("penalty unknown"), std::string::npos) << record().outcome.end_reason;
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
}

TEST_F(PipelineTest, WhatAVerdictBroughtIsOnRecord) {
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(record().outcome.paid, chain::parse_coins("30").value());
    EXPECT_EQ(record().outcome.slot, 1'700'000'000U / 86'400U);
}

TEST_F(PipelineTest, EndsFailedWhenTheVerifierRejects) {
    verifier_verifies = false;
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::submitted));
    chain.reject_result(job_id);
    ASSERT_TRUE(run_until_state(sm::State::failed));
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
    EXPECT_EQ(record().outcome.end_reason, "the verifier rejected the result, penalty 5 EMT")
        << "as with a Storage API without our extension";
}

TEST_F(PipelineTest, AVerdictCountsOnlyWhenItIsDeepEnough) {
    settings.confirmations = 5;
    verifier_verifies = false;
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::submitted));
    chain.verify(job_id, 5);
    run_for(2);
    EXPECT_EQ(record().state, sm::State::submitted);
    ASSERT_TRUE(run_until_state(sm::State::verified));
}

TEST_F(PipelineTest, IsDeclinedByTheOperatorInTheMiddleOfTraining) {
    hub.script.pop_back();  // trains for ever
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::training));
    ASSERT_TRUE(pipeline().request_decline("the operator declined it").has_value());
    ASSERT_TRUE(run_until_state(sm::State::declined));
    EXPECT_EQ(chain.mined("decline"), 1);
    EXPECT_EQ(chain.mined("submit"), 0);
    EXPECT_EQ(hub.idle_workers(), 1U);
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
}

TEST_F(PipelineTest, AJobWhoseDeadlineIsOutOfReachIsGivenBackWithTheSumsInItsHistory) {
    settings.finish_rules = {60, 25'000, 25'000};
    hub.script.pop_back();  // trains for ever
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::training));
    run_for(5 * 3'600);
    EXPECT_EQ(count<sm::DeclineDecided>(), 0) << "it can still be finished";
    ASSERT_TRUE(run_until_state(sm::State::declined, 2 * 3'600));
    EXPECT_EQ(chain.mined("decline"), 1);
    EXPECT_NE(record().outcome.decline_reason.find("to decline costs 5 EMT, to wait for the timeout 5 EMT"),
              std::string::npos)
        << record().outcome.decline_reason;
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
}

/// A worker that reported more steps than there are, slowly, had the JOB given back.
TEST_F(PipelineTest, AJobThatAnotherWorkerCouldFinishIsNotGivenBack) {
    settings.finish_rules = {60, 25'000, 25'000};
    const auto honest = hub.script;
    hub.script = {wp::DatasetReady{repeated<Hash256>(0xdd), 1'000'000, 250'000, 1'000'000}};
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::training));
    hub.script = honest;
    hub.add_worker(worker_2);
    for (std::uint64_t step = 1; step < 60 && count<sm::LeaseRevoked>() == 0; ++step) {
        hub.send(job_id, wp::Progress{.stage = "training", .step = step, .steps_total = 1'000'000});
        run_for(10);
    }
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(count<sm::DeclineDecided>(), 0);
    EXPECT_EQ(record().lease.worker, worker_2);
    expect_verified_once();
}

/// It is more than they were told; none of them may be lying.
TEST_F(PipelineTest, AJobThatFiveWorkersAreTooSlowForIsGivenBack) {
    settings.finish_rules = {60, 25'000, 25'000};
    hub.script = {wp::DatasetReady{repeated<Hash256>(0xdd), 1'000'000, 250'000, 1'000'000}};
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::training));
    for (std::uint8_t number = 0x41; number <= 0x44; ++number) hub.add_worker(repeated<Address>(number));
    for (std::uint64_t step = 1; step < 400 && count<sm::DeclineDecided>() == 0; ++step) {
        if (record().state == sm::State::training)
            hub.send(job_id, wp::Progress{.stage = "training", .step = step, .steps_total = 1'000'000});
        run_for(10);
    }
    EXPECT_EQ(count<sm::DeclineDecided>(), 1);
    EXPECT_EQ(count<sm::LeaseRevoked>(), 4);
}

/// Otherwise it would take one JOB after the other and finish none.
TEST_F(PipelineTest, AWorkerThatWasTooSlowRests) {
    settings.finish_rules = {60, 25'000, 25'000};
    hub.script = {wp::DatasetReady{repeated<Hash256>(0xdd), 1'000'000, 250'000, 1'000'000}};
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::training));
    for (std::uint64_t step = 1; step < 60 && count<sm::DeclineDecided>() == 0; ++step) {
        hub.send(job_id, wp::Progress{.stage = "training", .step = step, .steps_total = 1'000'000});
        run_for(10);
    }
    EXPECT_EQ(count<sm::DeclineDecided>(), 1);
    ASSERT_EQ(hub.workers().size(), 1U);
    EXPECT_GT(hub.workers().front().rest, Milliseconds(0));
}

TEST_F(PipelineTest, ADeclineBeforeTheDepositCostsNothing) {
    preflight.refusal = node::Refused{"no worker is connected", false};
    start(true);
    ASSERT_TRUE(run_until([this] { return record().retry.attempt == 1; }));
    ASSERT_TRUE(pipeline().request_decline("the operator declined it").has_value());
    ASSERT_TRUE(run_until_state(sm::State::skipped));
    EXPECT_EQ(chain.mined("approve"), 0);
}

TEST_F(PipelineTest, ADeclineWhileTheDepositIsOnItsWayWaitsForIt) {
    chain.ignores_transactions = true;
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::DepositSigned>() == 1; }));
    ASSERT_TRUE(pipeline().request_decline("the operator declined it").has_value());
    run_for(30);
    EXPECT_EQ(record().state, sm::State::discovered);
    chain.ignores_transactions = false;
    ASSERT_TRUE(run_until_state(sm::State::declined));
    EXPECT_EQ(chain.mined("process"), 1);
    EXPECT_EQ(chain.mined("decline"), 1);
}

TEST_F(PipelineTest, AWishToDeclineLeavesAJobWhoseProcessRevertsToOthers) {
    chain.ignores_transactions = true;
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::DepositSigned>() == 1; }));
    ASSERT_TRUE(pipeline().request_decline("the operator declined it").has_value());
    ASSERT_TRUE(run_until([this] { return count<sm::DeclineDecided>() == 1; }));
    chain.transaction_counts[key.address()] += 2;  // the key was used elsewhere: neither of the pair is ever mined
    chain.ignores_transactions = false;
    ASSERT_TRUE(run_until_state(sm::State::skipped));
    EXPECT_EQ(count<sm::DepositSigned>(), 1) << "no second deposit for a JOB that is to be given back";
    EXPECT_EQ(record().outcome.end_reason, "became infeasible: the operator declined it");
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
}

TEST_F(PipelineTest, ADeclineAfterTheSubmitIsRefused) {
    verifier_verifies = false;
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::submitted));
    EXPECT_TRUE(pipeline().request_decline("the operator declined it").has_error());
}

TEST_F(PipelineTest, ADeclineFromElsewhereIsSeen) {
    hub.script.clear();
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::downloading));
    chain.decline(job_id);
    ASSERT_TRUE(run_until_state(sm::State::declined));
    EXPECT_EQ(chain.mined("decline"), 0) << "none of ours was needed";
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
}

TEST_F(PipelineTest, ASubmitThatAReorganisationTookBackIsSentAgain) {
    verifier_verifies = false;
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::submitted));
    const auto depth = chain.head() - record().outcome.submit->block + 1;
    chain.take_back(depth);
    ASSERT_TRUE(run_until([this] { return count<sm::ReorgedOut>() == 1; }));
    verifier_verifies = true;
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(count<sm::SubmitSigned>(), 1) << "the same bytes are mined again";
    EXPECT_EQ(artifacts.completed, 1) << "all local progress is kept";
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
}

TEST_F(PipelineTest, ADepositThatAReorganisationTookBackIsSentAgain) {
    hub.script.pop_back();
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::training));
    chain.take_back(chain.head() - record().deposit.process->block + 1);
    ASSERT_TRUE(run_until([this] { return count<sm::ReorgedOut>() == 1; }));
    ASSERT_TRUE(run_until([this] { return count<sm::ProcessConfirmed>() == 2; }));
    EXPECT_EQ(count<sm::DepositSigned>(), 1);
    EXPECT_EQ(record().state, sm::State::training) << "training went on meanwhile";
    hub.send(job_id, worker_protocol::Trained{artifact});
    ASSERT_TRUE(run_until_state(sm::State::verified));
}

/// Mined anew, the process reverts: there is no deposit, and the JOB would never end.
TEST_F(PipelineTest, IsLostWhenAReorganisationLetsAnotherNodeOvertakeIt) {
    hub.script.pop_back();
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::training));
    chain.take_back(chain.head() - record().deposit.process->block + 1);
    chain.process(job_id, other_node);
    ASSERT_TRUE(run_until_state(sm::State::lost)) << sm::why(record(), clock.unix_ms());
    EXPECT_EQ(count<sm::ReorgedOut>(), 1);
    EXPECT_EQ(count<sm::ProcessReverted>(), 1);
}

TEST_F(PipelineTest, ADepositWhoseReceiptTheEndpointDoesNotShowIsNotGivenUp) {
    chain.hides_what_was_mined = true;
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::StepFailed>() >= 2; }));
    EXPECT_EQ(record().state, sm::State::discovered);
    EXPECT_EQ(count<sm::ProcessReverted>(), 0);
    chain.hides_what_was_mined = false;
    ASSERT_TRUE(run_until_state(sm::State::verified)) << sm::why(record(), clock.unix_ms());
    expect_verified_once();
}

TEST_F(PipelineTest, ADepositThatWasGivenUpBecauseOfSuchAnEndpointIsTakenUpAgain) {
    chain.hides_what_was_mined = true;
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::ProcessReverted>() == 1; }, 4 * 3'600));
    chain.hides_what_was_mined = false;
    ASSERT_TRUE(run_until_state(sm::State::verified)) << sm::why(record(), clock.unix_ms());
    expect_verified_once();
    EXPECT_EQ(count<sm::DepositSigned>(), 2) << "the same pair, not another one";
}

TEST_F(PipelineTest, AProcessWithoutAnApproveIsTakenUpAgain) {
    chain.allowance = allowance_cap.emplace(chain::parse_coins("50").value());
    chain.hides_what_was_mined = true;
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::ProcessReverted>() == 1; }, 4 * 3'600));
    chain.hides_what_was_mined = false;
    ASSERT_TRUE(run_until_state(sm::State::verified)) << sm::why(record(), clock.unix_ms());
    expect_verified_once();
    EXPECT_EQ(count<sm::DepositSigned>(), 2) << "the same process, not another one";
    EXPECT_EQ(chain.mined("approve"), 0);
    EXPECT_FALSE(record().deposit.approve);
}

TEST_F(PipelineTest, AForeignTransactionOnOurNonceLeadsToANewPair) {
    chain.ignores_transactions = true;
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::DepositSigned>() == 1; }));
    chain.transaction_counts[key.address()] += 2;  // the key was used elsewhere
    ASSERT_TRUE(run_until([this] { return count<sm::ProcessReverted>() == 1; }));
    chain.ignores_transactions = false;
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
    EXPECT_EQ(count<sm::DepositSigned>(), 2);
}

}  // namespace
}  // namespace emeth::test
