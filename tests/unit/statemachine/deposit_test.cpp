// Before the deposit: the process transaction and the ends that exist only here.
#include "unit/statemachine/check.hpp"

namespace emeth::statemachine {
namespace {

using test::numbered;
using test::tokens;
using test::tx;

TEST(Deposit, StraightPath) {
    Job job = straight(0);
    EXPECT_EQ(job.state, State::discovered);
    EXPECT_EQ(next_command(job), Command::send_process);
    job = after(job, DepositSigned{tx(1), tx(2)});
    EXPECT_EQ(next_command(job), Command::await_process);
    job = after(job, ProcessConfirmed{tx(2, 17), tokens(30)});
    EXPECT_EQ(job.state, State::accepted);
    EXPECT_EQ(job.entered_at_unix_ms, 5'000);
    EXPECT_EQ(job.deposit.process, tx(2, 17));
    EXPECT_EQ(job.deposit.deposit, tokens(30));
    EXPECT_EQ(next_command(job), Command::lease_worker);
}

TEST(Deposit, NeedsNoApproveOfItsOwn) {
    const Job job = after(straight(0), DepositSigned{std::nullopt, tx(2)});
    EXPECT_FALSE(job.deposit.approve);
    EXPECT_EQ(job.deposit.process, tx(2));
    EXPECT_EQ(next_command(job), Command::await_process);
    EXPECT_EQ(after(job, ProcessConfirmed{tx(2, 17), tokens(30)}).state, State::accepted);
    EXPECT_EQ(rejection_kind(job, DepositSigned{tx(1), tx(2)}), RejectionKind::already_known);
    EXPECT_EQ(rejection_kind(job, DepositSigned{std::nullopt, tx(6)}), RejectionKind::contradicts_record);
}

TEST(Deposit, IsSignedOnceUntilReverted) {
    Job job = straight(deposit_signed);
    EXPECT_EQ(rejection_kind(job, DepositSigned{tx(1), tx(2)}), RejectionKind::already_known);
    EXPECT_EQ(rejection_kind(job, DepositSigned{tx(5), tx(6)}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(job, ProcessReverted{tx(9), "x"}), RejectionKind::contradicts_record);
    job = after(job, ProcessReverted{tx(2), "not REQUESTED"});
    EXPECT_EQ(job.state, State::discovered);
    EXPECT_FALSE(job.deposit.approve);
    EXPECT_FALSE(job.deposit.process);
    EXPECT_EQ(next_command(job), Command::send_process);
    EXPECT_EQ(after(job, DepositSigned{tx(5), tx(6)}).deposit.process, tx(6));
}

TEST(Deposit, ConfirmationMustBeOfTheRecordedTransactionAndNameItsBlock) {
    EXPECT_EQ(rejection_kind(straight(0), ProcessConfirmed{tx(2, 17), tokens(30)}), RejectionKind::contradicts_record);
    const Job job = straight(deposit_signed);
    EXPECT_EQ(rejection_kind(job, ProcessConfirmed{tx(3, 17), tokens(30)}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(job, ProcessConfirmed{tx(2, 0), tokens(30)}), RejectionKind::contradicts_record);
}

TEST(Deposit, TheVariantThatWasMinedIsTakenOver) {
    const Job job = straight(deposit_signed);
    const Job confirmed = after(job, ProcessConfirmed{variant_of(2, 17), tokens(30)});
    EXPECT_EQ(confirmed.state, State::accepted);
    EXPECT_EQ(confirmed.deposit.process, variant_of(2, 17));
    EXPECT_EQ(rejection_kind(job, ProcessConfirmed{variant_of(3, 17), tokens(30)}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(job, ProcessConfirmed{variant_of(2, 0), tokens(30)}), RejectionKind::contradicts_record);
    EXPECT_FALSE(after(job, ProcessReverted{variant_of(2, 17), "not REQUESTED"}).deposit.process);
}

TEST(Deposit, ChainMayEndTheJobWhileTheProcessIsInFlight) {
    const Job job = straight(deposit_signed);
    EXPECT_EQ(after(job, LostToOtherNode{}).state, State::lost);
    EXPECT_EQ(after(job, CanceledByRequester{}).state, State::canceled);
    EXPECT_FALSE(after(job, CanceledByRequester{}).outcome.end_reason.empty());
}

TEST(Deposit, OwnJudgementDoesNotEndTheJobWhileTheProcessIsInFlight) {
    const Job signed_job = straight(deposit_signed);
    EXPECT_EQ(rejection_kind(signed_job, BecameInfeasible{"late"}), RejectionKind::contradicts_record);
    const Job failed = after(signed_job, StepFailed{FailureClass::permanent, "process", "refused", 1, 0});
    EXPECT_EQ(failed.state, State::discovered);
    EXPECT_EQ(failed.retry.last_error, "refused");

    const Job free_again = after(signed_job, ProcessReverted{tx(2), "x"});
    EXPECT_EQ(after(free_again, BecameInfeasible{"late"}).state, State::skipped);
    const Job skipped = after(free_again, StepFailed{FailureClass::permanent, "process", "refused", 1, 0});
    EXPECT_EQ(skipped.state, State::skipped);
    EXPECT_EQ(skipped.outcome.end_reason, "process failed: refused");
}

TEST(Deposit, TransientFailureIsRememberedUntilProgress) {
    Job job = after(straight(0), StepFailed{FailureClass::transient, "process", "RPC answered 503", 3, 77'000});
    EXPECT_EQ(job.state, State::discovered);
    EXPECT_EQ(job.retry, (RetryProgress{3, 77'000, "process", "RPC answered 503"}));
    job = after(job, Restarted{"kill -9"});
    EXPECT_EQ(job.restarts, 1U);
    EXPECT_EQ(job.retry.attempt, 3U) << "a restart must not shorten a back-off";
    EXPECT_EQ(after(job, DepositSigned{tx(1), tx(2)}).retry, RetryProgress{});
}

TEST(Deposit, CrashesAreCountedUntilProgress) {
    const StepFailed crashed{FailureClass::bug, "deposit", "the master ended itself", 1, 77'000};
    Job job = after(after(straight(0), crashed), crashed);
    EXPECT_EQ(job.state, State::discovered) << "a bug of ours ends no JOB";
    EXPECT_EQ(job.retry.crashes, 2U);
    job = after(after(job, Restarted{"found active"}),
                StepFailed{FailureClass::transient, "deposit", "RPC answered 503", 3, 77'000});
    EXPECT_EQ(job.retry.crashes, 2U) << "neither a restart nor another failure is progress";
    EXPECT_EQ(after(job, DepositSigned{tx(1), tx(2)}).retry.crashes, 0U);
    const Job leased = after(after(straight(process_confirmed), crashed), LeaseGranted{1, numbered<Address>(7)});
    EXPECT_EQ(leased.retry.crashes, 1U) << "a new worker is no progress of the JOB";
}

TEST(Deposit, ADeclineIsDecidedBeforeTheDepositIsLocked) {
    const Job wished = after(straight(deposit_signed), DeclineDecided{"the operator declined it"});
    EXPECT_EQ(wished.state, State::discovered);
    EXPECT_EQ(next_command(wished), Command::await_process) << "the process may still lock the deposit";
    EXPECT_EQ(rejection_kind(wished, DeclineDecided{"again"}), RejectionKind::already_known);
    const Job locked = after(wished, ProcessConfirmed{tx(2, 17), tokens(30)});
    EXPECT_EQ(next_command(locked), Command::send_decline);
    EXPECT_EQ(after(wished, ProcessReverted{tx(2), "late"}).outcome.decline_reason, "the operator declined it");
}

TEST(Deposit, NothingEndsAJobBeforeTheDepositOnceItIsLocked) {
    for (const State state : {State::accepted, State::downloading, State::training, State::submitted}) {
        const Job job = test::job_in(state);
        EXPECT_TRUE(holds_deposit(state));
        EXPECT_EQ(rejection_kind(job, LostToOtherNode{}), RejectionKind::not_in_this_state);
        EXPECT_EQ(rejection_kind(job, CanceledByRequester{}), RejectionKind::not_in_this_state);
        EXPECT_EQ(rejection_kind(job, BecameInfeasible{"late"}), RejectionKind::not_in_this_state);
        const Job failed = after(job, StepFailed{FailureClass::permanent, "upload", "gone", 9, 88});
        EXPECT_EQ(failed.state, state) << "no failure is permanent after the deposit";
        EXPECT_EQ(failed.retry.attempt, 9U);
    }
}

}  // namespace
}  // namespace emeth::statemachine
