// What a chain reorganisation reverts; local work is kept.
#include "unit/statemachine/check.hpp"

namespace emeth::statemachine {
namespace {

using test::tokens;
using test::tx;

TEST(Reorganisation, OfTheProcessKeepsAllLocalProgress) {
    for (const std::size_t steps :
         {process_confirmed, lease_granted, dataset_ready, checkpoint_saved, upload_completed, submit_signed}) {
        const Job job = straight(steps);
        const Job back = after(job, ReorgedOut{ChainFact::process});
        EXPECT_EQ(back.state, State::discovered);
        EXPECT_EQ(back.deposit.process, tx(2, 0));
        EXPECT_TRUE(back.deposit.deposit.is_zero());
        EXPECT_EQ(next_command(back), Command::await_process);

        Job again = after(back, ProcessConfirmed{tx(2, 19), tokens(30)});
        EXPECT_EQ(again.state, job.state);
        EXPECT_EQ(next_command(again), next_command(job));
        again.deposit.process->block = job.deposit.process->block;
        again.entered_at_unix_ms = job.entered_at_unix_ms;
        EXPECT_EQ(again, job);
    }
}

TEST(Reorganisation, OfTheProcessTakesTheSubmitWithIt) {
    const Job back = after(straight(submit_confirmed), ReorgedOut{ChainFact::process});
    EXPECT_EQ(back.state, State::discovered);
    EXPECT_EQ(back.outcome.submit, tx(3, 0));
    const Job again = after(back, ProcessConfirmed{tx(2, 19), tokens(30)});
    EXPECT_EQ(again.state, State::training);
    EXPECT_EQ(next_command(again), Command::await_submit) << "the same bytes will be mined again";
}

TEST(Reorganisation, OfTheSubmitWaitsForItAgain) {
    const Job back = after(straight(submit_confirmed), ReorgedOut{ChainFact::submit});
    EXPECT_EQ(back.state, State::training);
    EXPECT_EQ(back.outcome.submit, tx(3, 0));
    EXPECT_EQ(next_command(back), Command::await_submit);
    EXPECT_EQ(after(back, SubmitConfirmed{tx(3, 44)}).state, State::submitted);
}

TEST(Reorganisation, MayBringAnotherVariantThanBefore) {
    Job job = after(straight(deposit_signed), ProcessConfirmed{variant_of(2, 17), tokens(30)});
    job = after(after(job, ReorgedOut{ChainFact::process}), ProcessConfirmed{tx(2, 19), tokens(30)});
    EXPECT_EQ(job.deposit.process, tx(2, 19));
    job = after(after(straight(submit_confirmed), ReorgedOut{ChainFact::submit}), SubmitConfirmed{variant_of(3, 44)});
    EXPECT_EQ(job.outcome.submit, variant_of(3, 44));
}

TEST(Reorganisation, OfAVerdictOnAResult) {
    const Job submitted = straight(submit_confirmed);
    for (const EventBody& verdict :
         {EventBody(Verified{tx(902, 50), 582, 20415}), EventBody(ResultRejected{tx(901, 50), tokens(7)})}) {
        Job back = after(after(submitted, verdict), ReorgedOut{ChainFact::verdict});
        EXPECT_EQ(back.state, State::submitted);
        back.entered_at_unix_ms = submitted.entered_at_unix_ms;
        EXPECT_EQ(back, submitted);
    }
}

TEST(Reorganisation, OfATimeoutOrADeclineGoesBackToWhereTheWorkStood) {
    for (const std::size_t steps : {process_confirmed, lease_granted, dataset_ready, submit_signed}) {
        const Job job = straight(steps);
        const Job timed_out = after(job, TimedOut{tx(900, 50), tokens(7)});
        Job back = after(timed_out, ReorgedOut{ChainFact::verdict});
        back.entered_at_unix_ms = job.entered_at_unix_ms;
        EXPECT_EQ(back, job);
    }
    const Job declining = after(after(straight(dataset_ready), DeclineDecided{"operator"}), DeclineSigned{tx(4)});
    const Job declined = after(declining, Declined{tx(4, 45), tokens(7)});
    const Job back = after(declined, ReorgedOut{ChainFact::verdict});
    EXPECT_EQ(back.state, State::training);
    EXPECT_EQ(next_command(back), Command::await_decline);
    EXPECT_EQ(back.outcome.decline, tx(4, 0));
}

TEST(Reorganisation, OfAnotherFactContradictsTheRecord) {
    EXPECT_EQ(rejection_kind(test::job_in(State::training), ReorgedOut{ChainFact::submit}),
              RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(test::job_in(State::accepted), ReorgedOut{ChainFact::verdict}),
              RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(test::job_in(State::submitted), ReorgedOut{ChainFact::verdict}),
              RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(test::job_in(State::verified), ReorgedOut{ChainFact::process}),
              RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(test::job_in(State::verified), ReorgedOut{static_cast<ChainFact>(9)}),
              RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(test::job_in(State::lost), ReorgedOut{ChainFact::verdict}),
              RejectionKind::not_in_this_state);
}

}  // namespace
}  // namespace emeth::statemachine
