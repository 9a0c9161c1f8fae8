// What /metrics says of a node, and what it leaves out because nobody knows it.
#include "node/metrics/node_metrics.hpp"

#include <gmock/gmock.h>

#include "chain/amount.hpp"
#include "node/metrics/monitoring.hpp"
#include "support/job_events.hpp"
#include "support/worker_fitness.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
using node::MetricsSources;
using node::why_not_ready;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const chain::RpcTally no_calls;

MetricsSources nothing_known() {
    return {std::nullopt, std::nullopt, std::nullopt, {}, no_calls, {}};
}

std::string text_of(const MetricsSources& sources) {
    Exposition out;
    add_node_metrics(out, sources);
    return out.text();
}

node::JobSnapshot job_of(std::uint64_t number, sm::State state) {
    node::JobSnapshot job;
    job.id = numbered<JobId>(number);
    job.state = state;
    job.deposit = tokens(20);
    job.deadline_unix_s = 1'800'000'000;
    return job;
}

TEST(NodeMetrics, WhatIsNotKnownIsAbsentNotZero) {
    const std::string text = text_of(nothing_known());
    for (const char* name :
         {"emeth_locked_emt", "emeth_at_risk_emt", "emeth_wallet_free_emt", "emeth_chain_block", "emeth_outbox_pending",
          "emeth_data_disk_free_bytes", "emeth_slot_gas", "emeth_jobs", "emeth_workers", "emeth_standstill_reasons"}) {
        EXPECT_THAT(text, HasSubstr(std::string("# TYPE ") + name + " gauge\n")) << "announced";
        EXPECT_THAT(text, Not(HasSubstr(std::string("\n") + name + " ")));
        EXPECT_THAT(text, Not(HasSubstr(std::string("\n") + name + "{")));
    }
    EXPECT_THAT(text, HasSubstr("\nemeth_ready 0\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_lost_emt_total 0\n")) << "counted from the start on";
}

TEST(NodeMetrics, SaysWhatTheSnapshotSays) {
    MetricsSources sources = nothing_known();
    node::Snapshot& now = sources.snapshot.emplace();
    now.locked = tokens(30);
    now.at_risk = tokens(7);
    node::JobSnapshot job = job_of(1, sm::State::training);
    job.danger = "the deadline is near";
    job.finish_estimate_s = 90;
    job.chance = 0.75;
    job.worker = numbered<Address>(5);
    job.progress.emplace();
    job.progress->step = 40;
    job.progress->steps_total = 600;
    job.progress->tokens_per_s = 1234.5;
    now.jobs = {job, job_of(2, sm::State::submitted)};
    sources.jobs.checkpoints_unix_ms[job.id] = 1'700'000'000'500;
    const std::string text = text_of(sources);
    const std::string label = "{id=\"" + job.id.hex() + "\"} ";
    EXPECT_THAT(text, HasSubstr("\nemeth_locked_emt 30\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_at_risk_emt 7\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_jobs{state=\"accepted\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_jobs{state=\"training\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_job_in_danger" + label + "1\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_job_in_danger{id=\"" + numbered<JobId>(2).hex() + "\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_job_steps" + label + "40\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_job_steps_planned" + label + "600\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_job_tokens_per_second" + label + "1234.5\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_job_finish_estimate_seconds" + label + "90\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_job_chance_ratio" + label + "0.75\n"));
    EXPECT_THAT(text, Not(HasSubstr("emeth_job_chance_ratio{id=\"" + numbered<JobId>(2).hex())));
    EXPECT_THAT(text, HasSubstr("\nemeth_job_checkpoint_timestamp_seconds" + label + "1700000000.5\n"));
    EXPECT_THAT(text, HasSubstr(",state=\"training\",worker=\"" + job.worker->hex() + "\"} 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("emeth_job_transfer_bytes{"))) << "nothing is being transferred";
}

TEST(NodeMetrics, SaysWhatWasEarnedByFeesAndByRewards) {
    MetricsSources sources = nothing_known();
    EXPECT_THAT(text_of(sources), HasSubstr("\nemeth_earned_emt_total{kind=\"reward\"} 0\n"));
    sources.jobs.earned_emt = 16;
    sources.slot_rewards = tokens(9);
    const std::string text = text_of(sources);
    EXPECT_THAT(text, HasSubstr("\nemeth_earned_emt_total{kind=\"fee\"} 16\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_earned_emt_total{kind=\"reward\"} 9\n"));
}

TEST(NodeMetrics, CountsEachWorkerOnce) {
    MetricsSources sources = nothing_known();
    node::Snapshot& now = sources.snapshot.emplace();
    node::WorkerInfo away, unproved, bad, idle, working, resting;
    unproved.connected = bad.connected = idle.connected = working.connected = resting.connected = true;
    away.fitness = idle.fitness = working.fitness = resting.fitness = fit_for_everything();
    bad.fitness = unfit("no trainer");
    working.job = numbered<JobId>(1);
    resting.rest = Milliseconds(1'000);
    now.workers = {away, unproved, bad, idle, working, resting};
    const std::string text = text_of(sources);
    for (const char* standing : {"away", "unproved", "unfit", "idle", "working", "resting"})
        EXPECT_THAT(text, HasSubstr(std::string("\nemeth_workers{standing=\"") + standing + "\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_workers{standing=\"helping\"} 0\n"));
}

TEST(NodeMetrics, TellsOfServersAndOfTheMoneyThatOneMoreJobTakes) {
    MetricsSources sources = nothing_known();
    node::NetworkStatus& network = sources.snapshot.emplace().network.emplace();
    network.servers = {{"chain", "", Milliseconds(12), 1'700'000'000'000},
                       {"info server", "http://10.0.0.1: connection refused", Milliseconds(3), std::nullopt}};
    network.head = chain::Block{17, {}, 1'700'000'000};
    network.emt_free = tokens(40);
    network.emt_needed = tokens(10);
    network.warnings = {"no worker is connected"};
    const std::string text = text_of(sources);
    EXPECT_THAT(text, HasSubstr("\nemeth_server_up{server=\"chain\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_server_up{server=\"info server\"} 0\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_server_latency_seconds{server=\"chain\"} 0.012\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_server_answer_timestamp_seconds{server=\"chain\"} 1700000000\n"));
    EXPECT_THAT(text, Not(HasSubstr("latency_seconds{server=\"info server\"}"))) << "it did not answer";
    EXPECT_THAT(text, Not(HasSubstr("10.0.0.1"))) << "where it is is nobody's business";
    EXPECT_THAT(text, HasSubstr("\nemeth_chain_block 17\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_wallet_free_emt 40\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_wallet_needed_emt 10\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_standstill_reasons 1\n"));
}

TEST(NodeMetrics, ATransitionThatNeverHappenedIsThereAsZero) {
    MetricsSources sources = nothing_known();
    sources.jobs.transitions[{sm::State::submitted, sm::State::verified}] = 3;
    const std::string text = text_of(sources);
    EXPECT_THAT(text, HasSubstr("\nemeth_job_transitions_total{from=\"submitted\",to=\"verified\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_job_transitions_total{from=\"submitted\",to=\"failed\"} 0\n"));
    EXPECT_THAT(text, Not(HasSubstr("{from=\"submitted\",to=\"submitted\"}")));
}

TEST(NodeMetrics, TellsOfTheOutboxAndTheEndpoint) {
    chain::RpcTally calls;
    calls["eth_call"].seconds.observe(0.03);
    calls["eth_call"].refused = 2;
    MetricsSources sources{std::nullopt, std::vector<storage::OutboxEntry>(2), 1'000'000, {}, calls, {12, 1}};
    sources.outbox->front().created_at_unix_ms = 9'000;
    sources.outbox->back().created_at_unix_ms = 4'000;
    const std::string text = text_of(sources);
    EXPECT_THAT(text, HasSubstr("\nemeth_outbox_pending 2\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_outbox_oldest_timestamp_seconds 4\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_data_disk_free_bytes 1000000\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_rpc_call_seconds_count{method=\"eth_call\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_rpc_errors_total{method=\"eth_call\",kind=\"refused\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_store_synced_writes_total 12\n"));
    EXPECT_THAT(text, HasSubstr("\nemeth_store_failed_writes_total 1\n"));
}

node::NetworkStatus chain_answered(std::optional<std::int64_t> at_unix_ms) {
    node::NetworkStatus network;
    network.servers = {{"chain", at_unix_ms ? "" : "http://10.0.0.1: connection refused", Milliseconds(1), at_unix_ms}};
    return network;
}

TEST(Readiness, AMasterIsReadyWhileTheChainAnswersAndTheStoreIsWritable) {
    constexpr std::int64_t now = 1'700'000'000'000;
    const Result<void> writable;
    EXPECT_THAT(why_not_ready(writable, chain_answered(now - node::chain_silence_max_ms), now), IsEmpty());
    EXPECT_THAT(why_not_ready(writable, chain_answered(now - node::chain_silence_max_ms - 1'000), now),
                ElementsAre("the chain has not answered for 61 s"));
    EXPECT_THAT(why_not_ready(writable, chain_answered(std::nullopt), now),
                ElementsAre("the chain has not answered yet"))
        << "and not where it is";
    EXPECT_THAT(why_not_ready(writable, std::nullopt, now), ElementsAre("the chain has not answered yet"));
    EXPECT_THAT(why_not_ready(transient_error("/var/lib/emeth/store: no space"), chain_answered(now), now),
                ElementsAre("the store cannot be written"));
}

}  // namespace
}  // namespace emeth::test
