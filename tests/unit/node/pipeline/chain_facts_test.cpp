// Logs and head in, facts out.
#include "node/pipeline/chain_facts.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <utility>

#include "support/job_events.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
using chain::JobStatus;
using node::ChainRules;
using node::ChainView;

const Address self = numbered<Address>(1);
const ChainRules rules{self, 3, {.draws = 2}};

chain::StatusLog log(JobStatus status, std::uint64_t block, const Address& node = self) {
    return {status, node, block, numbered<Hash256>(block), numbered<Hash256>(1'000 + block)};
}

sm::Job submitted() {
    sm::Job job = job_in(sm::State::submitted);
    job.training.artifact->steps = 320;
    job.training.artifact->epochs = 2;
    return job;
}

TEST(ChainFacts, AVerdictCountsOnceItIsDeepEnough) {
    const sm::Job job = submitted();
    EXPECT_FALSE(node::find_end(job, {101, {log(JobStatus::verified, 100)}}, rules));
    const auto end = node::find_end(job, {102, {log(JobStatus::verified, 100)}}, rules);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->block, 100U);
}

/// With one block of five that a reorganisation replaced, the JOB was over, its states deleted, the submit in another
/// block, and nothing could be shown of the new draw (simulator, seed 419879).
TEST(ChainFacts, AVerdictMayHaveToBeDeeperThanAnythingElse) {
    const ChainRules careful{self, 3, {.draws = 2}, 12};
    const std::vector<chain::StatusLog> verdict{log(JobStatus::verified, 100)}, timeout{log(JobStatus::timeout, 100)};
    EXPECT_FALSE(node::find_end(submitted(), {110, verdict}, careful));
    EXPECT_TRUE(node::find_end(submitted(), {111, verdict}, careful));
    EXPECT_TRUE(node::find_end(job_in(sm::State::training), {102, timeout}, careful)) << "which frees the worker";
    const ChainRules hasty{self, 3, {.draws = 2}, 1};
    EXPECT_FALSE(node::find_end(submitted(), {101, verdict}, hasty));
}

TEST(ChainFacts, WhatIsAnotherNodesIsNoEnd) {
    const ChainView view{200, {log(JobStatus::verified, 100, numbered<Address>(2))}};
    EXPECT_FALSE(node::find_end(submitted(), view, rules));
}

TEST(ChainFacts, AVerdictEndsASubmittedJobAndATimeoutOneBefore) {
    const sm::Job training = job_in(sm::State::training);
    for (const JobStatus verdict : {JobStatus::verified, JobStatus::failed}) {
        EXPECT_TRUE(node::find_end(submitted(), {200, {log(verdict, 100)}}, rules));
        EXPECT_FALSE(node::find_end(training, {200, {log(verdict, 100)}}, rules));
    }
    for (const JobStatus status : {JobStatus::timeout, JobStatus::declined}) {
        EXPECT_FALSE(node::find_end(submitted(), {200, {log(status, 100)}}, rules));
        EXPECT_TRUE(node::find_end(training, {200, {log(status, 100)}}, rules));
    }
}

TEST(ChainFacts, AnEndCarriesWhatTheContractSaysOfIt) {
    const sm::Job job = submitted();
    const auto verified = node::fact_of_end(job, log(JobStatus::verified, 100), {{}, 17, 86'400 * 5 + 3});
    ASSERT_TRUE(verified && std::holds_alternative<sm::Verified>(*verified));
    EXPECT_EQ(std::get<sm::Verified>(*verified).gas, 17U);
    EXPECT_EQ(std::get<sm::Verified>(*verified).slot, 5U);
    const auto rejected = node::fact_of_end(job, log(JobStatus::failed, 100), {tokens(5), 0, 0});
    ASSERT_TRUE(rejected && std::holds_alternative<sm::ResultRejected>(*rejected));
    EXPECT_EQ(std::get<sm::ResultRejected>(*rejected).penalty, tokens(5));
    const auto late = node::fact_of_end(job, log(JobStatus::timeout, 100), {tokens(5), 0, 0});
    ASSERT_TRUE(late && std::holds_alternative<sm::TimedOut>(*late));
}

TEST(ChainFacts, WhatWasLostIsWhatDidNotComeBack) {
    sm::Job job = submitted();
    job.deposit.deposit = tokens(20);
    EXPECT_EQ(node::loss_of(job, {tokens(18), std::nullopt}, self), tokens(2));
    EXPECT_EQ(node::loss_of(job, {Wei{}, std::nullopt}, self), tokens(20));
    EXPECT_EQ(node::loss_of(job, {tokens(30), std::nullopt}, self), Wei{});
    EXPECT_EQ(node::loss_of(job, {tokens(18), tokens(5)}, self), tokens(2)) << "transfers are the money";
    EXPECT_EQ(node::loss_of(job, {std::nullopt, tokens(5)}, self), tokens(5));
    EXPECT_EQ(node::loss_of(job, {}, self), std::nullopt);
    job.terms.owner = self;
    EXPECT_EQ(node::loss_of(job, {tokens(38), std::nullopt}, self), std::nullopt) << "its own fee came back, too";
    EXPECT_EQ(node::loss_of(job, {tokens(38), tokens(2)}, self), tokens(2));
}

TEST(ChainFacts, ADeclineIsNewsOnlyWhereThisProgramDidNotDecideIt) {
    sm::Job job = job_in(sm::State::training);
    const auto foreign = node::fact_of_end(job, log(JobStatus::declined, 100), {});
    ASSERT_TRUE(foreign && std::holds_alternative<sm::DeclineDecided>(*foreign));
    job.outcome.decline_reason = "the deadline is out of reach";
    EXPECT_FALSE(node::fact_of_end(job, log(JobStatus::declined, 100), {}));
    job.outcome.decline_reason.clear();
    job.outcome.submit = tx(9);
    EXPECT_FALSE(node::fact_of_end(job, log(JobStatus::declined, 100), {})) << "the submit reverts first";
}

TEST(ChainFacts, TheBlockThatHoldsTheSubmitNowDrawsTheSegments) {
    sm::Job job = submitted();
    const ChainView moved{200, {log(JobStatus::submitted, 100), log(JobStatus::submitted, 110)}};
    const auto draw = node::find_draw(job, moved, rules);
    ASSERT_TRUE(draw);
    const auto& drawn = std::get<sm::EvidenceDrawn>(*draw);
    EXPECT_EQ(drawn.block_hash, numbered<Hash256>(1'110));
    EXPECT_EQ(drawn.segments.size(), 3U);
    job.evidence.block_hash = drawn.block_hash;
    EXPECT_FALSE(node::find_draw(job, moved, rules)) << "it is on record";
    job.evidence.block_hash.reset();
    EXPECT_FALSE(node::find_draw(job, {111, moved.logs}, rules)) << "it is not deep enough";
    EXPECT_FALSE(node::find_draw(job_in(sm::State::training), moved, rules));
}

/// Which has more of them than other models: the verifier's draw is among as many.
TEST(ChainFacts, TheDrawIsAmongTheSegmentsOfTheJobsModel) {
    sm::Job job = submitted();
    job.training.artifact->steps = 800;
    const ChainView view{200, {log(JobStatus::submitted, 100)}};
    for (const auto& [model, segments] : {std::pair{"nano", 100U}, {"gpt2", 32U}}) {
        job.terms.param = fmt::format(R"({{"language":"en","epoch":2,"model":"{}"}})", model);
        const auto draw = node::find_draw(job, view, rules);
        ASSERT_TRUE(draw);
        EXPECT_EQ(std::get<sm::EvidenceDrawn>(*draw).segments,
                  trainer_protocol::draw_segments(job.terms.id, numbered<Hash256>(1'100), segments, 2));
    }
}

TEST(ChainFacts, TheProcessIsLookedForFirstAndThenTheSubmit) {
    const auto confirmed = node::confirmed_transactions(submitted());
    ASSERT_EQ(confirmed.size(), 2U);
    EXPECT_EQ(confirmed.front().fact, sm::ChainFact::process);
    EXPECT_EQ(confirmed.back().fact, sm::ChainFact::submit);
    EXPECT_EQ(node::confirmed_transactions(job_in(sm::State::training)).size(), 1U);
}

TEST(ChainFacts, LogsAreReadFromBeforeTheProcess) {
    sm::Job job = submitted();
    job.deposit.process->block = 1'000;
    EXPECT_LT(node::first_block_to_read(job), 1'000U);
    job.deposit.process->block = 3;
    EXPECT_EQ(node::first_block_to_read(job), 0U);
}

TEST(ChainFacts, ALogTellsOfAnyVariantOfATransaction) {
    const std::vector<chain::StatusLog> logs{log(JobStatus::submitted, 100)};
    EXPECT_TRUE(node::tells_of(logs, {numbered<Hash256>(7), numbered<Hash256>(100)}));
    EXPECT_FALSE(node::tells_of(logs, {numbered<Hash256>(7)}));
    EXPECT_FALSE(node::tells_of(logs, {}));
}

}  // namespace
}  // namespace emeth::test
