// The life of a JOB on our contracts, through the bindings alone.
#include "chain/gas.hpp"
#include "deployed_network.hpp"

namespace emeth::chain::test {
namespace {

using storage::TxKind;
using testing::ElementsAre;
using testing::HasSubstr;

class JobLife : public DeployedNetwork {
protected:
    Receipt submit(const JobId& job) {
        return outcome(run(sender->send_and_store(intent(TxKind::submit, encode_submit(job, "result.tar")))).value());
    }
    std::vector<JobStatus> statuses(const JobId& job) {
        std::vector<JobStatus> found;
        for (const StatusLog& log : run(chain->status_logs(job, 0)).value()) found.push_back(log.status);
        return found;
    }
    const Wei fee = *parse_coins("30");
};

TEST_F(JobLife, ReadsTheConstants) {
    EXPECT_EQ(run(chain->chain_id()).value(), 60001u);
    const Constants constants = run(chain->constants()).value();
    EXPECT_EQ(constants.core, core);
    EXPECT_EQ(constants.token, token);
    EXPECT_EQ(constants.verifier, address(verifier));
    EXPECT_EQ(constants.deposit_rate, 100'000u);
    EXPECT_EQ(constants.timeout_penalty_rate, 25'000u);
    EXPECT_EQ(constants.decline_penalty_rate, 25'000u);
    EXPECT_EQ(constants.failed_penalty_rate, 25'000u);
    EXPECT_EQ(format_coins(constants.verifier_fee), "10");
    EXPECT_EQ(run(chain->estimated_gas(100, 5'822)).value(), 582u);
}

TEST_F(JobLife, GoesFromRequestedToVerified) {
    const JobId job = request(fee);
    JobRecord record = run(chain->job(job)).value();
    EXPECT_TRUE(record.exist);
    EXPECT_EQ(record.owner, address(requester));
    EXPECT_EQ(record.fee, fee);
    EXPECT_EQ(record.status, JobStatus::requested);
    EXPECT_GT(record.deadline_unix_s, record.requested_at_unix_s);
    EXPECT_LE(record.deadline_unix_s - record.requested_at_unix_s, 3'600)
        << "counted from the block before the request's";
    EXPECT_FALSE(run(chain->job(JobId{}))->exist);

    process(job, fee);
    EXPECT_EQ(format_coins(*run(chain->emt_balance(address(node)))), "970");
    EXPECT_EQ(*run(chain->emt_allowance(address(node), core)), Wei{});
    EXPECT_TRUE(submit(job).succeeded);
    const JobDetails details = run(chain->job_details(job)).value();
    EXPECT_EQ(details.program_id, 5u);
    EXPECT_EQ(details.param, R"({"language":"en","epoch":2})");
    EXPECT_EQ(details.dataset, "data.txt");
    EXPECT_EQ(details.result, "result.tar");

    EXPECT_TRUE(transact(verifier, core, encode_verify(job, 582)).succeeded);
    EXPECT_EQ(run(chain->job(job))->status, JobStatus::verified);
    const JobAssign assign = run(chain->job_assign(job)).value();
    EXPECT_EQ(assign.node, address(node));
    EXPECT_EQ(assign.deposit, fee);
    EXPECT_EQ(assign.gas, 582u);
    EXPECT_GT(assign.started_at_unix_s, 0);
    EXPECT_GE(assign.submitted_at_unix_s, assign.started_at_unix_s);
    EXPECT_GE(assign.verified_at_unix_s, assign.submitted_at_unix_s);
    EXPECT_EQ(format_coins(*run(chain->emt_balance(address(node)))), "1020");
    EXPECT_THAT(statuses(job), ElementsAre(JobStatus::processing, JobStatus::submitted, JobStatus::verified))
        << "a request is told by the Request event alone";
}

TEST_F(JobLife, ShowsWhatWaitsToBeMined) {
    const JobId job = request(fee);
    EXPECT_EQ(run(chain->pending_job(job))->status, JobStatus::requested);
    rpc_call("evm_setAutomine", {false});
    ASSERT_TRUE(run(sender->send_deposit(job, fee, core, token, into_store())).has_value());
    EXPECT_EQ(run(chain->job(job))->status, JobStatus::requested);
    EXPECT_EQ(run(chain->pending_job(job))->status, JobStatus::processing);
}

TEST_F(JobLife, PaysTheSlotsReward) {
    const JobId job = request(fee);
    process(job, fee);
    submit(job);
    transact(verifier, core, encode_verify(job, 582));
    const std::uint64_t number = run(chain->current_slot()).value();
    EXPECT_EQ(run(chain->start_slot()).value(), number);
    Slot slot = run(chain->slot(number, address(node))).value();
    EXPECT_EQ(slot.total_gas, 582u);
    EXPECT_EQ(slot.own_gas, 582u);
    EXPECT_FALSE(slot.own_balance.is_zero());

    rpc_call("evm_increaseTime", {86'400});
    mine(1);
    EXPECT_EQ(run(chain->current_slot()).value(), number + 1);
    const storage::OutboxEntry withdrawal =
        run(sender->send_and_store(intent(TxKind::withdraw, encode_withdraw_slot_reward(number)))).value();
    EXPECT_TRUE(outcome(withdrawal).succeeded);
    EXPECT_EQ(format_coins(*run(chain->emt_balance(address(node)))), "289020");
    EXPECT_TRUE(run(chain->slot(number, address(node)))->own_balance.is_zero());
}

TEST_F(JobLife, ReadsTheEventsOfItsBlocks) {
    const JobId job = request(fee);
    transact(requester, core, encode_cancel(job));
    const std::uint64_t latest = run(chain->latest_block())->number;
    const std::vector<Log> logs = run(chain->core_logs(latest - 1, latest)).value();
    std::vector<RequestEvent> requests;
    std::vector<CancelEvent> cancels;
    for (const Log& log : logs) {
        EXPECT_EQ(log.address, core);
        EXPECT_EQ(log.block_hash, run(chain->block(log.block)).value()->hash);
        if (const auto event = parse_request_event(log)) requests.push_back(*event);
        if (const auto event = parse_cancel_event(log)) cancels.push_back(*event);
    }
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].job, job);
    EXPECT_EQ(requests[0].fee, fee);
    ASSERT_EQ(cancels.size(), 1u);
    EXPECT_EQ(cancels[0].job, job);
}

TEST_F(JobLife, ReadsFromReceiptsWhatTheNodeLost) {
    const auto settled = [&](const Receipt& end, Account account) {
        return run(chain->settlement(end.transaction, address(account))).value();
    };
    const JobId declined = request(fee);
    process(declined, fee);
    const Receipt decline =
        outcome(run(sender->send_and_store(intent(TxKind::decline, encode_decline(declined)))).value());
    EXPECT_EQ(settled(decline, node).received, parse_coins("22.5").value());
    EXPECT_EQ(settled(decline, node).slashed, parse_coins("7.5").value());
    EXPECT_EQ(settled(decline, other).slashed, std::nullopt);

    const JobId rejected = request(fee);
    process(rejected, fee);
    submit(rejected);
    const Receipt verdict = transact(verifier, core, encode_reject_result(rejected));
    EXPECT_EQ(settled(verdict, node).received, parse_coins("12.5").value());
    EXPECT_EQ(settled(verdict, node).slashed, parse_coins("17.5").value());

    const JobId late = request(fee, 60);
    process(late, fee);
    rpc_call("evm_increaseTime", {120});
    const Receipt timeout = transact(verifier, core, encode_timeout(late));
    EXPECT_EQ(settled(timeout, node).received, parse_coins("22.5").value());
    EXPECT_EQ(settled(timeout, node).slashed, parse_coins("7.5").value());
    EXPECT_EQ(run(chain->job(late))->status, JobStatus::timeout);
    EXPECT_FALSE(run(chain->settlement(Hash256{}, address(node))));

    const std::vector<StatusLog> all = run(chain->all_status_logs(0, timeout.block)).value();
    ASSERT_EQ(all.size(), 7u);
    EXPECT_EQ(all.back().job, late);
    EXPECT_EQ(all.back().status, JobStatus::timeout);
    EXPECT_EQ(run(chain->unlogged_emt_gain(address(node), timeout.block)).value(), Wei{});
}

TEST_F(JobLife, SaysWhyACallIsRefused) {
    const JobId job = request(fee);
    const auto no_allowance = run(chain->revert_reason(address(node), core, encode_process(job))).value();
    EXPECT_THAT(no_allowance.value(), HasSubstr("the EMT allowance is below the amount to lock"));
    const auto token_says = run(chain->revert_reason(address(other), token, encode_transfer(core, fee))).value();
    EXPECT_EQ(token_says.value(), "insufficient EMT balance of " + address(other).hex() + ": 0 there, 30 needed");
    EXPECT_FALSE(run(chain->revert_reason(address(requester), core, encode_cancel(job))).value());

    const Result<storage::OutboxEntry> estimated =
        run(sender->send_and_store(intent(TxKind::submit, encode_submit(job, "x"))));
    ASSERT_FALSE(estimated);
    EXPECT_EQ(estimated.error().kind, ErrorKind::permanent);
    EXPECT_THAT(estimated.error().message, HasSubstr("was reverted: EmethCore: "));
    EXPECT_EQ(run(chain->transaction_count(address(node))).value(), 0u);
}

TEST_F(JobLife, SaysWhyAMinedTransactionFailed) {
    Intent doomed = intent(TxKind::submit, encode_submit(request(fee), "x"));
    doomed.gas_limit = 300'000;
    const TxOutcome reverted = wait_for(run(sender->send_and_store(doomed)).value());
    EXPECT_FALSE(reverted.receipt.succeeded);
    EXPECT_THAT(reverted.revert_reason, HasSubstr("EmethCore: "));

    const JobId job = request(fee);
    process(job, fee);
    doomed.data = encode_submit(job, std::string(300, 'x'));
    doomed.gas_limit = 80'000;
    const TxOutcome exhausted = wait_for(run(sender->send_and_store(doomed)).value());
    EXPECT_FALSE(exhausted.receipt.succeeded);
    EXPECT_EQ(exhausted.revert_reason, "ran out of its 80000 gas");
}

TEST_F(JobLife, FitsTheFixedGasLimitsWithRoomToSpare) {
    const JobId job = request(fee);
    const auto pair = run(sender->send_deposit(job, fee, core, token, into_store())).value();
    EXPECT_LT(outcome(pair[0]).gas_used, approve_gas_limit / 2);
    EXPECT_LT(outcome(pair[1]).gas_used, process_gas_limit * 2 / 3);
    RecordProperty("approve_gas", std::to_string(outcome(pair[0]).gas_used));
    RecordProperty("process_gas", std::to_string(outcome(pair[1]).gas_used));
}

}  // namespace
}  // namespace emeth::chain::test
