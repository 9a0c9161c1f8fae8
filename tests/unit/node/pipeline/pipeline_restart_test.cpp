// The process dies at every single write of a JOB's life, before and after it, and is started again.
#include "chain/amount.hpp"
#include "node_world.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
namespace wp = worker_protocol;

class PipelineRestartTest : public NodeWorld {
protected:
    /// Runs the JOB with one crash; false when the life has fewer writes.
    bool survive_crash_at(int write, bool before) {
        store->crash_at(write, before);
        start(true);
        run_until_state(sm::State::verified);
        if (!process_crashed()) return false;
        kill();
        if (record().state != sm::State::verified) {
            start();
            EXPECT_TRUE(run_until_state(sm::State::verified)) << sm::why(record(), clock.unix_ms());
            EXPECT_EQ(record().restarts, 1U);
        }
        expect_verified_once();
        return true;
    }
};

/// A world of its own for each crash.
class CrashAt : public PipelineRestartTest, public ::testing::WithParamInterface<std::tuple<int, bool>> {};

TEST_P(CrashAt, EndsVerifiedWithOneDepositAndOneSubmit) {
    const auto [write, before] = GetParam();
    EXPECT_TRUE(survive_crash_at(write, before)) << "the life has fewer writes than are tested";
}

// A life has 21 writes; the last one, the verdict, is followed by none.
INSTANTIATE_TEST_SUITE_P(EveryWrite, CrashAt, ::testing::Combine(::testing::Range(1, 22), ::testing::Bool()),
                         [](const auto& chosen) {
                             return (std::get<1>(chosen.param) ? "Before" : "After") +
                                    std::to_string(std::get<0>(chosen.param));
                         });

/// The first two writes are those of the deposit: signed, confirmed.
class CrashAtTheDeposit : public CrashAt {
protected:
    CrashAtTheDeposit() { allowance_cap = chain::parse_coins("50").value(); }
};

TEST_P(CrashAtTheDeposit, UnderAStandingAllowanceEndsTheSameWay) {
    chain.allowance = *allowance_cap;
    const auto [write, before] = GetParam();
    EXPECT_TRUE(survive_crash_at(write, before));
    EXPECT_EQ(chain.mined("approve"), 0);
    EXPECT_EQ(chain.allowance, chain::parse_coins("30").value()) << "one deposit";
}

TEST_P(CrashAtTheDeposit, WhereTheAllowanceIsUsedUpEndsTheSameWay) {
    const auto [write, before] = GetParam();
    EXPECT_TRUE(survive_crash_at(write, before));
    EXPECT_EQ(chain.mined("approve"), 1);
    EXPECT_EQ(chain.allowance, chain::parse_coins("30").value()) << "one deposit";
}

INSTANTIATE_TEST_SUITE_P(EveryWrite, CrashAtTheDeposit, ::testing::Combine(::testing::Range(1, 3), ::testing::Bool()),
                         [](const auto& chosen) {
                             return (std::get<1>(chosen.param) ? "Before" : "After") +
                                    std::to_string(std::get<0>(chosen.param));
                         });

TEST_F(PipelineRestartTest, NoWriteIsLeftUntested) {
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(store->writes(), 21);
}

TEST_F(PipelineRestartTest, AProcessThatDiesAgainAndAgainStillGetsThere) {
    start(true);
    int restarts = 0;
    for (; restarts < 200 && record().state != sm::State::verified; ++restarts) {
        store->crash_at(3, restarts % 2 == 0);
        run_until_state(sm::State::verified);
        kill();
        if (record().state != sm::State::verified) start();
    }
    expect_verified_once();
    EXPECT_GT(restarts, 5);
}

TEST_F(PipelineRestartTest, GoesOnWithTheEndThatCameWhileNobodyRan) {
    hub.script.pop_back();
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::training));
    kill();
    chain.timeout(job_id);
    start();
    ASSERT_TRUE(run_until_state(sm::State::timed_out));
}

TEST_F(PipelineRestartTest, ADecidedDeclineIsCarriedOut) {
    hub.script.pop_back();
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::training));
    store->crash_at(1, false);
    ASSERT_TRUE(pipeline().request_decline("the operator declined it").has_value());
    run_for(10);
    ASSERT_TRUE(process_crashed());
    kill();
    EXPECT_EQ(record().outcome.decline_reason, "the operator declined it");
    start();
    ASSERT_TRUE(run_until_state(sm::State::declined));
    EXPECT_EQ(chain.mined("decline"), 1);
}

TEST_F(PipelineRestartTest, AWishToDeclineIsKeptWhileTheDepositIsOnItsWay) {
    chain.ignores_transactions = true;
    start(true);
    ASSERT_TRUE(run_until([this] { return count<sm::DepositSigned>() == 1; }));
    ASSERT_TRUE(pipeline().request_decline("the operator declined it").has_value());
    ASSERT_TRUE(run_until([this] { return record().outcome.decline_reason == "the operator declined it"; }, 5));
    EXPECT_EQ(record().state, sm::State::discovered);
    kill();
    chain.ignores_transactions = false;
    start();
    ASSERT_TRUE(run_until_state(sm::State::declined));
    EXPECT_EQ(chain.mined("process"), 1);
    EXPECT_EQ(count<sm::LeaseGranted>(), 0);
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
}

TEST_F(PipelineRestartTest, ARestartBeginsNoBackOffFromTheFirstAttempt) {
    artifacts.damaged_uploads = 6;
    start(true);
    ASSERT_TRUE(run_until([this] { return failed_attempts().size() == 3; }));
    kill();
    start();
    ASSERT_TRUE(run_until([this] { return failed_attempts().size() == 5; }));
    kill();
    start();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(failed_attempts(), (std::vector<std::uint32_t>{1, 2, 3, 4, 5, 6}));
    expect_verified_once();
}

/// Dies while the artifact is being uploaded, of which the first part is there.
class RestartOfAnUpload : public PipelineRestartTest {
protected:
    /// `failure`: of the Storage API from then on.
    void restart_after_the_first_part(std::optional<Error> failure = std::nullopt) {
        hub.answers_uploads = false;
        start(true);
        ASSERT_TRUE(run_until([this] { return hub.uploads == 1; }));
        hub.send(job_id, wp::PartUploaded{1, "\"first\"", hub.upload_orders[0].upload_id});
        ASSERT_TRUE(run_until([this] { return count<sm::PartUploaded>() == 1; }));
        kill();
        hub.answers_uploads = true;
        artifacts.failure = std::move(failure);
        start();
    }
    void expect_a_new_upload() {
        ASSERT_EQ(hub.upload_orders.size(), 2U);
        EXPECT_NE(hub.upload_orders[1].upload_id, hub.upload_orders[0].upload_id);
        EXPECT_EQ(hub.upload_orders[1].urls.size(), 3U);
        EXPECT_EQ(count<sm::UploadAborted>(), 1);
        EXPECT_EQ(count<sm::UploadOpened>(), 3);  // the evidence's is the last
        EXPECT_EQ(artifacts.opened, 3) << "each one that was opened is used";
        expect_verified_once();
    }
    void expect_it_went_on() {
        ASSERT_EQ(hub.upload_orders.size(), 2U);
        EXPECT_EQ(hub.upload_orders[1].upload_id, hub.upload_orders[0].upload_id);
        EXPECT_EQ(hub.upload_orders[1].urls.size(), 2U);
        EXPECT_FALSE(hub.upload_orders[1].urls.contains(1)) << "what is there stays";
        EXPECT_EQ(artifacts.completed_etags.at(1), "\"first\"");
        EXPECT_EQ(artifacts.resumed, 1);
        EXPECT_EQ(count<sm::UploadAborted>(), 0);
        EXPECT_EQ(count<sm::UploadOpened>(), 2);  // the evidence's is the last
        expect_verified_once();
    }
};

TEST_F(RestartOfAnUpload, PutsOnlyThePartsThatAreMissing) {
    restart_after_the_first_part();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_it_went_on();
}

TEST_F(RestartOfAnUpload, WaitsForAStorageApiThatIsAway) {
    restart_after_the_first_part(transient_error("connection refused"));
    run_for(1'800);
    EXPECT_GT(failed_attempts().size(), 2U);
    artifacts.failure.reset();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_it_went_on();
}

TEST_F(RestartOfAnUpload, OpensAnotherOneWhereItIsGone) {
    artifacts.forgets_uploads = true;
    restart_after_the_first_part();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_a_new_upload();
}

TEST_F(RestartOfAnUpload, TakesTheOneThatAPublishedStorageApiOpensInstead) {
    artifacts.is_published = true;
    restart_after_the_first_part();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_a_new_upload();
}

}  // namespace
}  // namespace emeth::test
