// submit, decline and the verdicts.
#include "unit/statemachine/check.hpp"

namespace emeth::statemachine {
namespace {

using test::tokens;
using test::tx;

TEST(Submit, NeedsACompletedUploadAndIsSignedOnce) {
    EXPECT_EQ(rejection_kind(straight(all_parts_uploaded), SubmitSigned{tx(3)}), RejectionKind::contradicts_record);
    const Job job = straight(submit_signed);
    EXPECT_EQ(next_command(job), Command::await_submit);
    EXPECT_EQ(rejection_kind(job, SubmitSigned{tx(3)}), RejectionKind::already_known);
    EXPECT_EQ(rejection_kind(job, SubmitSigned{tx(5)}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(job, SubmitConfirmed{tx(5, 40)}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(job, SubmitConfirmed{tx(3, 0)}), RejectionKind::contradicts_record);
    const Job submitted = after(job, SubmitConfirmed{tx(3, 40)});
    EXPECT_EQ(submitted.state, State::submitted);
    EXPECT_EQ(next_command(submitted), Command::await_draw);
}

TEST(Submit, RevertedIsSignedAgain) {
    const Job job = straight(submit_signed);
    EXPECT_EQ(rejection_kind(job, SubmitReverted{tx(5, 40), "x"}), RejectionKind::contradicts_record);
    const Job reverted = after(job, SubmitReverted{tx(3, 40), "not PROCESSING"});
    EXPECT_EQ(reverted.state, State::training);
    EXPECT_EQ(next_command(reverted), Command::send_submit);
}

TEST(Submit, TheVariantThatWasMinedIsTakenOver) {
    const Job job = straight(submit_signed);
    const Job submitted = after(job, SubmitConfirmed{variant_of(3, 40)});
    EXPECT_EQ(submitted.state, State::submitted);
    EXPECT_EQ(submitted.outcome.submit, variant_of(3, 40));
    EXPECT_EQ(rejection_kind(job, SubmitConfirmed{variant_of(5, 40)}), RejectionKind::contradicts_record);
    EXPECT_EQ(next_command(after(job, SubmitReverted{variant_of(3, 40), "not PROCESSING"})), Command::send_submit);
}

TEST(Decline, TheVariantThatWasMinedIsTakenOver) {
    const Job job = after(after(straight(dataset_ready), DeclineDecided{"operator"}), DeclineSigned{tx(4)});
    EXPECT_EQ(after(job, Declined{variant_of(4, 45), tokens(7)}).outcome.decline, variant_of(4, 45));
    EXPECT_EQ(rejection_kind(job, Declined{variant_of(5, 45), tokens(7)}), RejectionKind::contradicts_record);
    EXPECT_FALSE(after(job, DeclineReverted{variant_of(4, 45), "not PROCESSING"}).outcome.decline);
}

TEST(Decline, DecidedThenSignedThenConfirmed) {
    for (const std::size_t steps : {process_confirmed, lease_granted, dataset_ready, upload_completed}) {
        Job job = straight(steps);
        const State state = job.state;
        EXPECT_EQ(rejection_kind(job, DeclineSigned{tx(4)}), RejectionKind::contradicts_record);
        EXPECT_EQ(rejection_kind(job, DeclineDecided{""}), RejectionKind::contradicts_record);
        job = after(job, DeclineDecided{"operator"});
        EXPECT_EQ(job.state, state);
        EXPECT_EQ(next_command(job), Command::send_decline);
        EXPECT_EQ(rejection_kind(job, DeclineDecided{"again"}), RejectionKind::already_known);
        EXPECT_EQ(rejection_kind(job, Declined{tx(4, 45), tokens(7)}), RejectionKind::contradicts_record);
        job = after(job, DeclineSigned{tx(4)});
        EXPECT_EQ(next_command(job), Command::await_decline);
        EXPECT_EQ(rejection_kind(job, DeclineSigned{tx(5)}), RejectionKind::contradicts_record);
        EXPECT_EQ(rejection_kind(job, DeclineSigned{tx(4)}), RejectionKind::already_known);
        job = after(job, Declined{tx(4, 45), tokens(7)});
        EXPECT_EQ(job.state, State::declined);
        EXPECT_EQ(job.outcome.penalty, tokens(7));
        EXPECT_EQ(job.outcome.decline, tx(4, 45));
        EXPECT_EQ(job.outcome.end_reason, "declined (operator), penalty 7 EMT");
    }
}

TEST(Decline, RevertedIsDecidedAnew) {
    Job job = after(straight(dataset_ready), DeclineDecided{"operator"});
    job = after(job, DeclineSigned{tx(4)});
    job = after(job, DeclineReverted{tx(4, 45), "not PROCESSING"});
    EXPECT_EQ(next_command(job), Command::train);
    EXPECT_FALSE(job.outcome.decline);
}

TEST(Decline, AndSubmitExcludeEachOther) {
    EXPECT_EQ(rejection_kind(straight(submit_signed), DeclineDecided{"x"}), RejectionKind::contradicts_record);
    const Job declining = after(straight(upload_completed), DeclineDecided{"x"});
    EXPECT_EQ(rejection_kind(declining, SubmitSigned{tx(3)}), RejectionKind::contradicts_record);
}

TEST(Verdict, EndsTheJob) {
    const Job job = straight(submit_confirmed);
    const Job verified = after(job, Verified{tx(902, 50), 582, 20415});
    EXPECT_EQ(verified.state, State::verified);
    EXPECT_EQ(verified.outcome.verdict, tx(902, 50));
    EXPECT_EQ(verified.outcome.gas, 582U);
    EXPECT_EQ(verified.outcome.slot, 20415U);
    EXPECT_EQ(next_command(verified), Command::cleanup);
    const Job failed = after(job, ResultRejected{tx(901, 50), tokens(8)});
    EXPECT_EQ(failed.state, State::failed);
    EXPECT_EQ(failed.outcome.penalty, tokens(8));
    EXPECT_EQ(rejection_kind(job, TimedOut{tx(900, 50), tokens(7)}), RejectionKind::not_in_this_state);
}

TEST(Verdict, KeepsWhyTheResultWasRejected) {
    const Job job = straight(submit_confirmed);
    const ResultRejected rejected{tx(901, 50), tokens(8), "the artifact is no tar"};
    const Job failed = after(job, rejected);
    EXPECT_EQ(failed.outcome.end_reason, "the verifier rejected the result, penalty 8 EMT: the artifact is no tar");
    EXPECT_EQ(why(failed, 0), failed.outcome.end_reason);
    EXPECT_EQ(describe(rejected), "result rejected in block 50, penalty 8 EMT: the artifact is no tar");
    EXPECT_EQ(after(job, ResultRejected{tx(901, 50), tokens(8)}).outcome.end_reason,
              "the verifier rejected the result, penalty 8 EMT")
        << "as histories of before say it";
}

TEST(Verdict, SaysWhatIsUnknown) {
    const Job job = straight(dataset_ready);
    const Job timed_out = after(job, TimedOut{tx(900, 50), std::nullopt});
    EXPECT_EQ(timed_out.outcome.penalty, std::nullopt);
    EXPECT_EQ(timed_out.outcome.end_reason, "the deadline passed, penalty unknown");
    EXPECT_EQ(job.outcome.penalty, Wei{});
}

TEST(Verdict, ADeadlinePassedOnlyIfItDid) {
    const Job job = straight(dataset_ready);
    const std::int64_t deadline = job.terms.deadline_unix_s;
    EXPECT_EQ(after(job, TimedOut{tx(900, 50), tokens(2), deadline + 1}).outcome.end_reason,
              "the deadline passed, penalty 2 EMT");
    EXPECT_EQ(after(job, TimedOut{tx(900, 50), tokens(2), deadline - 7'260}).outcome.end_reason,
              "the verifier ended it 2 h 1 min before its deadline, penalty 2 EMT");
    EXPECT_EQ(after(job, TimedOut{tx(900, 50), tokens(2)}).outcome.end_reason, "the deadline passed, penalty 2 EMT")
        << "as histories of before say it";
}

TEST(Verdict, SaysWhatWasPaid) {
    const Job job = straight(submit_confirmed);
    const Job verified = after(job, Verified{tx(902, 50), 582, 20415, tokens(30)});
    EXPECT_EQ(verified.outcome.paid, tokens(30));
    EXPECT_EQ(verified.outcome.end_reason, "verified: 582 gas in slot 20415, 30 EMT received");
    EXPECT_EQ(after(job, Verified{tx(902, 50), 582, 20415}).outcome.end_reason, "verified: 582 gas in slot 20415");
    const Job again = after(verified, ReorgedOut{ChainFact::verdict});
    EXPECT_EQ(again.outcome.paid, std::nullopt);
    EXPECT_EQ(again.outcome.penalty, Wei{});
}

TEST(Verdict, TimeoutComesWhileProcessing) {
    for (const std::size_t steps : {process_confirmed, lease_granted, dataset_ready, submit_signed}) {
        const Job job = after(straight(steps), TimedOut{tx(900, 50), tokens(7)});
        EXPECT_EQ(job.state, State::timed_out);
        EXPECT_EQ(job.outcome.penalty, tokens(7));
        EXPECT_FALSE(job.outcome.end_reason.empty());
    }
}

}  // namespace
}  // namespace emeth::statemachine
