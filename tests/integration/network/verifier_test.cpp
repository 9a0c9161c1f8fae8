// The verifier over a real Storage API: what it waits for, and what it rejects without any computing.
#include "integration/network/verifier_fixture.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;

TEST_F(VerifierTest, WaitsForEvidenceThatIsNotThere) {
    const Verdict verdict = judged(submit_block()).value();
    EXPECT_FALSE(verdict.passed);
    EXPECT_TRUE(verdict.may_pass_later);
    EXPECT_EQ(verdict.reason, "there is no evidence of it in the Storage API");
}

TEST_F(VerifierTest, WaitsForTheEvidenceOfTheBlockThatHoldsTheSubmitNow) {
    Hash256 other = submit_block();
    other.bytes[0] ^= 1;
    upload_result(evidence_for(other, 100), ".evidence");
    const Verdict verdict = judged(submit_block()).value();
    EXPECT_TRUE(verdict.may_pass_later);
    EXPECT_THAT(verdict.reason, HasSubstr("not for the draw of the block that holds the submit"));
    upload_result(evidence_for(submit_block(), 100), ".evidence");
    EXPECT_THAT(judged(submit_block()).error().message, HasSubstr("emeth-trainer ended by exit code 1"))
        << "and then it computes";
}

TEST_F(VerifierTest, RejectsEvidenceOfAnAbsurdSizeUnread) {
    const auto most = 6 * trainer_protocol::state_bytes("nano").value();
    const json::object upload = open_upload(2, ".evidence");
    const std::string bytes = evidence_for(submit_block(), most + 1);
    complete(
        upload,
        {put_part(upload, 0, bytes.substr(0, upload_part_bytes)), put_part(upload, 1, bytes.substr(upload_part_bytes))},
        ".evidence");
    const Verdict verdict = judged(submit_block()).value();
    EXPECT_FALSE(verdict.may_pass_later);
    EXPECT_THAT(verdict.reason, HasSubstr("at most"));
    EXPECT_FALSE(std::filesystem::exists(options.folder / job.hex().substr(2) / "evidence"));
}

TEST_F(VerifierTest, RejectsAnotherArtifactThanWasSubmitted) {
    show_evidence();
    test::write_text(folder / "result" / chain.jobs.at(job).details.result, "AN ARTIFACT");
    const Verdict verdict = judged(submit_block()).value();
    EXPECT_FALSE(verdict.may_pass_later);
    EXPECT_EQ(verdict.reason, fmt::format("the artifact has sha256 {}; what was submitted names {}",
                                          crypto::sha256("AN ARTIFACT").hex(), crypto::sha256("an artifact").hex()));
}

TEST_F(VerifierTest, WaitsForAnArtifactThatIsLate) {
    show_evidence();
    const auto stored = folder / "result" / chain.jobs.at(job).details.result;
    std::filesystem::rename(stored, folder / "elsewhere");
    const Verdict verdict = judged(submit_block()).value();
    EXPECT_TRUE(verdict.may_pass_later);
    EXPECT_EQ(verdict.reason, "there is no artifact of it in the Storage API");
    std::filesystem::rename(folder / "elsewhere", stored);
    EXPECT_TRUE(judged(submit_block()).has_error()) << "then it computes";
}

/// Whatever the order in which the Storage API and the verifier learn of the submit.
TEST_F(VerifierTest, ANameWithoutADigestBindsByTheTimeAtWhichItWasStored) {
    chain.jobs.at(job).record.status = chain::JobStatus::processing;
    submit(upload_result("an artifact", ".tar", std::nullopt));
    show_evidence();
    const Verdict verdict = judged(submit_block(), now_unix_s() - 100).value();
    EXPECT_FALSE(verdict.may_pass_later);
    EXPECT_THAT(verdict.reason, HasSubstr("s after the submit, which names no sha256"));
    EXPECT_TRUE(judged(submit_block(), now_unix_s() - 2).has_error()) << "clocks differ a little; then it computes";
}

TEST_F(VerifierTest, SaysWhatItWantsToThoseWhoSubmitSomethingElse) {
    for (const std::string& result : {std::string("model.pt"), std::string(32, '1') + ".tar",
                                      std::string(32, '1') + "-0123456789abcdef.pt", std::string(5'000, '\x1b')}) {
        chain.jobs.at(job).details.result = result;
        const Verdict verdict = judged(submit_block()).value();
        EXPECT_FALSE(verdict.may_pass_later) << result;
        EXPECT_THAT(verdict.reason, HasSubstr("expected <JOB id>-<sha256>.tar")) << result;
        EXPECT_LT(verdict.reason.size(), 500u);
        EXPECT_EQ(verdict.reason.find('\x1b'), std::string::npos);
    }
}

/// An endpoint that lags behind the one that showed the submit.
TEST_F(VerifierTest, WaitsForAResultThatTheChainDoesNotShowYet) {
    chain.jobs.at(job).details.result.clear();
    EXPECT_TRUE(judged(submit_block()).value().may_pass_later);
}

/// Withheld evidence: once its patience is over, the verifier rejects; not before, and not before the submit is deep.
TEST_F(VerifierRun, RejectsWithheldEvidenceWhenItsPatienceIsOver) {
    options.patience = Milliseconds(1'500);
    const auto began = system_clock().monotonic();
    start_verifier();
    EXPECT_TRUE(rejected_in_time());
    EXPECT_GE(system_clock().monotonic() - began, options.patience);
}

TEST_F(VerifierRun, IsReadyWhileItFollowsTheChain) {
    options.confirmations = 50;  // so that it only looks
    chain.failure = transient_error("connection refused");
    start_verifier();
    const auto ready_in_time = [this](bool wanted) {
        bool is_ready = run(judge->why_not_ready()).empty();
        for (int tries = 0; tries < 200 && is_ready != wanted; ++tries) {
            run(system_clock().sleep(Milliseconds(20)));
            is_ready = run(judge->why_not_ready()).empty();
        }
        return is_ready == wanted;
    };
    EXPECT_FALSE(run(judge->why_not_ready()).empty()) << "it has seen nothing yet";
    chain.failure.reset();
    EXPECT_TRUE(ready_in_time(true));
    chain.failure = transient_error("connection refused");
    EXPECT_TRUE(ready_in_time(false));
}

TEST_F(VerifierRun, TellsWhatItWaitsForAndHowItDecided) {
    const auto seen_in_time = [this](const std::function<bool(const VerifierView&)>& wanted) {
        for (int tries = 0; tries < 200 && !wanted(judge->view()); ++tries) run(system_clock().sleep(Milliseconds(50)));
        return wanted(judge->view());
    };
    options.patience = Milliseconds(2'000);
    start_verifier();
    EXPECT_TRUE(seen_in_time([this](const VerifierView& view) {
        return view.unjudged_total == 1 && view.unjudged[0].job == job &&
               view.unjudged[0].stage == CheckStage::postponed &&
               view.unjudged[0].why == "there is no evidence of it in the Storage API";
    }));
    EXPECT_TRUE(judge->view().verdicts.empty());
    EXPECT_TRUE(rejected_in_time());
    EXPECT_TRUE(judge->view().verdicts.empty()) << "it is not on chain yet";
    mine_newest(true);
    ASSERT_TRUE(seen_in_time([](const VerifierView& view) { return !view.verdicts.empty(); }));
    const GivenVerdict verdict = judge->view().verdicts.front();
    EXPECT_EQ(verdict.job, job);
    EXPECT_EQ(verdict.decision, Decision::rejected);
    EXPECT_EQ(verdict.reason, "there is no evidence of it in the Storage API");
}

/// What a failure says may hold paths and addresses of servers, which are for the log.
TEST_F(VerifierRun, TellsOfAFailureOnlyThatThereWasOne) {
    show_evidence();
    start_verifier();  // its trainer ends at once
    std::string why;
    for (int tries = 0; tries < 200 && why.empty(); ++tries) {
        run(system_clock().sleep(Milliseconds(50)));
        const VerifierView view = judge->view();
        if (!view.unjudged.empty()) why = view.unjudged[0].why;
    }
    EXPECT_EQ(why, "the last try failed; the verifier's log says why");
}

TEST_F(VerifierRun, DrawsNothingBeforeTheSubmitIsDeepEnough) {
    options.patience = Milliseconds(0);
    options.confirmations = 50;
    start_verifier();
    run(system_clock().sleep(Milliseconds(1'500)));
    EXPECT_FALSE(rejected());
    chain.mine(50);
    EXPECT_TRUE(rejected_in_time());
}

/// Patience with evidence that is missing is patience with the evidence of one draw.
TEST_F(VerifierRun, AnotherDrawHasAPatienceOfItsOwn) {
    options.patience = Milliseconds(3'000);
    start_verifier();
    run(system_clock().sleep(Milliseconds(2'500)));
    chain.reorganise(4, 1);
    submit(result_name);
    const auto moved = system_clock().monotonic();
    EXPECT_TRUE(rejected_in_time());
    EXPECT_GE(system_clock().monotonic() - moved, options.patience);
}

/// So that who sees the JOB FAILED finds the reason there.
TEST_F(VerifierRun, SaysWhyBeforeItRejects) {
    chain.jobs.at(job).details.result = "model.pt";
    start_verifier();
    ASSERT_TRUE(rejected_in_time());
    const auto reason = run(client->verdict_reason(job)).value();
    ASSERT_TRUE(reason);
    EXPECT_EQ(reason->submit_block, submit_block());
    EXPECT_THAT(reason->text, HasSubstr("'model.pt', names no artifact of this JOB"));
}

/// What was judged is then not the chain's draw any more.
TEST_F(VerifierRun, ASubmitThatMovesWhileItIsCheckedIsJudgedAnew) {
    int reads = 0;
    chain.before_details = [&] {
        if (++reads > 4) return;
        chain.reorganise(4, 1);
        submit("model.pt");
    };
    start_verifier();
    EXPECT_TRUE(rejected_in_time());
    EXPECT_GE(reads, 6) << "one for the estimate and one for the check, each time";
}

TEST_F(VerifierRun, ASlowCheckHoldsUpNoOther) {
    options.budget = {2, std::uint64_t{1} << 40};
    hang_checks();
    start_verifier();
    ASSERT_TRUE(check_began());
    EXPECT_TRUE(sent_in_time(chain::encode_reject_result(submit_another("model.pt"))));
    EXPECT_FALSE(rejected());
}

TEST_F(VerifierRun, AFullBudgetLetsTheNextWait) {
    hang_checks();
    start_verifier();
    ASSERT_TRUE(check_began());
    const JobId other = submit_another("model.pt");
    run(system_clock().sleep(Milliseconds(1'000)));
    EXPECT_FALSE(sent(chain::encode_reject_result(other)));
}

/// Which took the verifier as long as the longest check before it.
TEST_F(VerifierRun, ADeadlineIsWatchedWhileACheckRuns) {
    options.timeout_grace_s = 0;
    hang_checks();
    start_verifier();
    ASSERT_TRUE(check_began());
    const JobId other = submit_another("");
    chain.jobs.at(other).record.deadline_unix_s = 1;
    EXPECT_TRUE(sent_in_time(chain::encode_timeout(other)));
}

}  // namespace
}  // namespace emeth::network
