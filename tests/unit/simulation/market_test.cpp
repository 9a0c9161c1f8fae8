// The market of simulate-policy, against sums that were made by hand.
#include "simulation/policy/market.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "chain/amount.hpp"
#include "simulation/policy/report.hpp"
#include "simulation/policy/standstill_book.hpp"
#include "support/fake_chain.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::test {
namespace {

using simulation::JobStream;
using simulation::MarketNode;
using simulation::MarketOutcome;
using simulation::MarketRules;
using simulation::StreamedJob;

constexpr std::int64_t midnight_s = std::int64_t{20'000} * 86'400;
constexpr std::uint64_t rtx_3080 = 27'300;

StreamedJob job(std::uint8_t number, std::string_view fee, std::uint64_t mebibytes, std::int64_t at_s = midnight_s) {
    return {repeated<JobId>(number),         repeated<Address>(0x22), at_s, at_s + 86'400,
            chain::parse_coins(fee).value(), mebibytes << 20,         0,    R"({"language":"en","epoch":2})"};
}

MarketNode node_with(std::vector<std::uint64_t> workers, std::string_view priority = "fee") {
    MarketNode made;
    made.name = priority;
    made.policy.min_fee = chain::parse_coins("1").value();
    made.policy.max_fee = chain::parse_coins("100").value();
    made.policy.priority = {*node::find_priority(priority)};
    made.workers = std::move(workers);
    made.emt = chain::parse_coins("1000").value();
    return made;
}

/// Nothing is left to chance but who wins a race.
MarketRules exact_rules() {
    MarketRules rules = simulation::published_market();
    rules.time_deviation = rules.reject_share = 0;
    return rules;
}

/// 582 gas take 21,319 s and 291 gas 10,660 s, one after the other: both on the first day, whose EMT is all the node's.
/// (20 − 10) + (25 − 10) + 288,000.
TEST(Market, OneNodeEarnsFeesAndTheWholeReward) {
    const auto outcomes =
        run_market({job(1, "20", 100), job(2, "25", 50)}, {node_with({rtx_3080})}, exact_rules()).nodes;
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes[0].verified, 2U);
    EXPECT_DOUBLE_EQ(outcomes[0].fees, 25);
    EXPECT_DOUBLE_EQ(outcomes[0].rewards, 288'000);
    EXPECT_DOUBLE_EQ(outcomes[0].penalties, 0);
    EXPECT_DOUBLE_EQ(outcomes[0].earned(), 288'025);
}

/// One JOB a day on three days, of which the first one is left out.
TEST(Market, WhatIsLeftOutAtTheBeginningCountsForNothing) {
    MarketRules rules = exact_rules();
    rules.warm_up_days = 1;
    const JobStream stream{job(1, "20", 100), job(2, "20", 100, midnight_s + 86'400),
                           job(3, "20", 100, midnight_s + 2 * 86'400)};
    const auto outcomes = run_market(stream, {node_with({rtx_3080})}, rules).nodes;
    EXPECT_EQ(outcomes[0].verified, 2U);
    EXPECT_DOUBLE_EQ(outcomes[0].fees, 20);
    EXPECT_NEAR(outcomes[0].rewards, 2 * 288'000 - 3 * 39.452, 0.01);
    EXPECT_DOUBLE_EQ(outcomes[0].worker_s, 86'400);
}

/// Of a fee of 20 the deposit is 20: a quarter of it is burned, and the verifier gets 10.
TEST(Market, ARejectedResultCostsThePenaltyAndTheVerifiersFee) {
    MarketRules rules = exact_rules();
    rules.reject_share = 1;
    const auto outcomes = run_market({job(1, "20", 100)}, {node_with({rtx_3080})}, rules).nodes;
    EXPECT_EQ(outcomes[0].rejected, 1U);
    EXPECT_DOUBLE_EQ(outcomes[0].penalties, 15);
    EXPECT_DOUBLE_EQ(outcomes[0].earned(), -15);
}

TEST(Market, AMissedDeadlineCostsAQuarter) {
    MarketRules rules = exact_rules();
    rules.time_deviation = 5;
    JobStream stream;
    for (std::uint8_t i = 1; i <= 50; ++i) stream.push_back(job(i, "20", 100, midnight_s + std::int64_t{i} * 86'400));
    const auto outcomes = run_market(stream, {node_with({rtx_3080})}, rules).nodes;
    EXPECT_GT(outcomes[0].missed, 5U);
    EXPECT_GT(outcomes[0].verified, 5U);
    EXPECT_DOUBLE_EQ(outcomes[0].penalties, 5.0 * static_cast<double>(outcomes[0].missed));
}

/// Both look within the same block, claim the same JOB, and one of them pays for nothing.
TEST(Market, OnlyOneOfTwoNodesGetsAJob) {
    MarketRules rules = exact_rules();
    rules.discovery_s = 0;
    rules.pool_seen_after_ms.reset();
    const auto outcomes = run_market({job(1, "20", 100)}, {node_with({rtx_3080}), node_with({rtx_3080})}, rules).nodes;
    EXPECT_EQ(outcomes[0].claimed + outcomes[1].claimed, 1U);
    EXPECT_EQ(outcomes[0].races_lost + outcomes[1].races_lost, 1U);
    const auto sum = simulation::summed_by_name(outcomes);
    ASSERT_EQ(sum.size(), 1U);
    EXPECT_EQ(sum[0].verified, 1U);
    EXPECT_GT(sum[0].race_gas, 0);
}

/// The second JOB comes before the first one's block is mined, while the node has a worker left.
TEST(Market, ANodeDoesNotRaceItself) {
    MarketRules rules = exact_rules();
    rules.discovery_s = 0;
    rules.block_s = 60;
    rules.pool_seen_after_ms.reset();
    const JobStream stream{job(1, "20", 100, midnight_s + 1), job(2, "12", 100, midnight_s + 11)};
    const auto outcomes = run_market(stream, {node_with({rtx_3080, rtx_3080})}, rules).nodes;
    EXPECT_EQ(outcomes[0].verified, 2U);
    EXPECT_EQ(outcomes[0].races_lost, 0U);
}

/// Five nodes with the same settings on one market: what they lose to one another, by the order of today's node and
/// without looking at the pool, and now.
TEST(Market, RacesAreAtLeastHalved) {
    const JobStream stream = simulation::generate_stream({.days = 5, .jobs_per_day = 100});
    const std::vector<MarketNode> nodes(5, node_with({rtx_3080, rtx_3080}, "expected_value"));
    MarketRules rules = simulation::published_market();
    const auto lost = [&] { return simulation::summed_by_name(run_market(stream, nodes, rules).nodes)[0].races_lost; };
    const std::uint64_t now = lost();
    rules.pool_seen_after_ms.reset();
    rules.equals_are_spread = false;
    EXPECT_GT(lost(), 100U);
    EXPECT_LE(2 * now, lost());
}

/// A round has room for 64 JOBs. There never was enough time for the 70 that pay best; the last one waits for the
/// second round, and for no more.
TEST(Market, WhatARoundHasNoRoomForIsLookedAtInTheNextOne) {
    JobStream stream;
    for (std::uint8_t i = 1; i <= 70; ++i) {
        stream.push_back(job(i, "30", 100));
        stream.back().deadline_unix_s = midnight_s + 20'000;
    }
    stream.push_back(job(71, "20", 100));
    stream.back().deadline_unix_s = midnight_s + 21'319 + 3'600 + 15;  // with the margin, 15 s to decide
    const auto report = run_market(stream, {node_with({rtx_3080})}, exact_rules());
    EXPECT_EQ(report.nodes[0].verified, 1U);
    EXPECT_EQ(report.standstill.never_taken, 70U);
}

/// Only what cannot get better while the same workers are idle stands.
TEST(Market, AJobThatIsRefusedForTheHourIsJudgedAgain) {
    MarketNode node = node_with({rtx_3080});
    node.policy.hours = node::parse_hours({"3-6"}).value();
    const auto report = run_market({job(1, "20", 100)}, {node}, exact_rules());
    EXPECT_EQ(report.nodes[0].verified, 1U);
    EXPECT_EQ(report.standstill.never_taken, 0U);
}

/// With one worker, what comes first is all there is time for before the deadlines.
TEST(Market, ThePriorityDecidesWhichJobIsTaken) {
    JobStream stream{job(1, "20", 100), job(2, "12", 10), job(3, "30", 100)};
    for (auto& each : stream) each.deadline_unix_s = midnight_s + 26'000;
    const auto fees_of = [&](std::string_view priority) {
        return run_market(stream, {node_with({rtx_3080}, priority)}, exact_rules()).nodes[0].fees;
    };
    EXPECT_DOUBLE_EQ(fees_of("fee"), 20) << "the third one";
    EXPECT_DOUBLE_EQ(fees_of("smallest"), 2) << "the second one";
}

TEST(Market, TheSameSeedGivesTheSameOutcome) {
    const JobStream stream = simulation::generate_stream({.days = 2});
    MarketRules rules = simulation::published_market();
    rules.others_take_after_s = 300;
    const std::vector<MarketNode> nodes{node_with({rtx_3080, rtx_3080}), node_with({rtx_3080}, "smallest")};
    const auto first = simulation::json_of(run_market(stream, nodes, rules).nodes);
    EXPECT_EQ(first, simulation::json_of(run_market(stream, nodes, rules).nodes));
    rules.seed = 2;
    EXPECT_NE(first, simulation::json_of(run_market(stream, nodes, rules).nodes));
}

/// 582 gas take an RTX 3080 21,319 s, and a worker that is ten times slower more than the day that there is. What the
/// policy does not want stays open for its day, too; the third JOB arrives when both have been there for 6 h, and is
/// taken within 5 s and a block.
TEST(Market, TellsWhatNobodyTookAndWhy) {
    MarketNode slow = node_with({rtx_3080 / 10}), picky = node_with({rtx_3080});
    picky.policy.min_fee = chain::parse_coins("15").value();
    const JobStream stream{job(1, "12", 100), job(2, "12", 100), job(3, "20", 100, midnight_s + 21'600)};
    const auto report = run_market(stream, {slow, picky, picky}, exact_rules());
    const simulation::Standstill& found = report.standstill;
    EXPECT_EQ(found.jobs, 3U);
    EXPECT_EQ(found.never_taken, 2U);
    ASSERT_EQ(found.mostly.size(), 1U);
    EXPECT_EQ(found.mostly.at(node::Ground::fee), 2U) << "two of three nodes";
    EXPECT_DOUBLE_EQ(found.watched_s, 21'600) << "from the first arrival to the last";
    EXPECT_DOUBLE_EQ(found.share(), 1);
    EXPECT_DOUBLE_EQ(found.jobs_waiting, 2);
    EXPECT_DOUBLE_EQ(found.workers_idle, 3);

    const auto object = simulation::json_of(found);
    EXPECT_EQ(object.at("neverTaken"), 2);
    EXPECT_EQ(object.at("mostly").at(0).at("reason"), "fee out of bounds");
    EXPECT_EQ(text_of(found),
              "3 JOBs came, and 2 of them nobody took by their deadlines, mostly for this: fee out of bounds (2)\n"
              "JOBs waited while workers idled in 100.0% of the time: then, on average, 2.0 JOBs and 3.0 workers\n");
    EXPECT_NE(html_of(report.nodes, "", found).find("nobody took by their deadlines"), std::string::npos);
    EXPECT_EQ(html_of(report.nodes, "", std::nullopt).find("nobody took"), std::string::npos);
}

/// The only worker takes the first JOB and is busy for 21,319 s. The second one then has 26,000 s − 21,319 s left,
/// which is too little, but was not when it came.
TEST(Market, AJobThatMetNoIdleWorkerIsNotCalledTooLate) {
    JobStream stream{job(1, "20", 100), job(2, "15", 100)};
    for (auto& each : stream) each.deadline_unix_s = midnight_s + 26'000;
    const auto found = run_market(stream, {node_with({rtx_3080})}, exact_rules()).standstill;
    EXPECT_EQ(found.never_taken, 1U);
    EXPECT_EQ(found.mostly.at(std::nullopt), 1U);
    EXPECT_NE(text_of(found).find("no worker was idle (1)"), std::string::npos) << text_of(found);

    stream[1].deadline_unix_s = midnight_s + 20'000;
    const auto late = run_market(stream, {node_with({rtx_3080, rtx_3080})}, exact_rules()).standstill;
    EXPECT_EQ(late.mostly.at(node::Ground::deadline), 1U) << "there never was enough time";
}

TEST(StandstillBook, CountsOnlyTheTimeInWhichBothAreThere) {
    simulation::StandstillBook book(10'000, 110'000);
    book.pass_until(5'000, 9, 9);
    book.pass_until(30'000, 0, 4);
    book.pass_until(50'000, 6, 0);
    book.pass_until(70'000, 3, 1);
    book.pass_until(90'000, 5, 2);
    book.pass_until(200'000, 0, 2);
    const simulation::Standstill found = book.found();
    EXPECT_DOUBLE_EQ(found.watched_s, 100);
    EXPECT_DOUBLE_EQ(found.waiting_s, 40);
    EXPECT_DOUBLE_EQ(found.share(), 0.4);
    EXPECT_DOUBLE_EQ(found.jobs_waiting, 4);
    EXPECT_DOUBLE_EQ(found.workers_idle, 1.5);
}

TEST(Market, NothingHappensWithoutJobsOrWorkers) {
    EXPECT_EQ(run_market({}, {node_with({rtx_3080})}, exact_rules()).nodes[0].claimed, 0U);
    EXPECT_EQ(run_market({job(1, "20", 100)}, {node_with({})}, exact_rules()).nodes[0].claimed, 0U);
}

TEST(JobStream, IsReadBackAsItWasWritten) {
    const TemporaryFolder folder;
    const JobStream stream = simulation::generate_stream({.days = 1, .jobs_per_day = 50});
    EXPECT_GT(stream.size(), 25U);
    {
        std::ofstream out(folder / "jobs.jsonl");
        for (const auto& each : stream) out << simulation::to_json_line(each) << "\n";
    }
    EXPECT_EQ(simulation::read_stream(folder / "jobs.jsonl").value(), stream);
}

TEST(JobStream, ErrorsNameFileAndLine) {
    const TemporaryFolder folder;
    const auto file = folder / "jobs.jsonl";
    std::ofstream(file) << simulation::to_json_line(job(1, "20", 100)) << "\n{\"id\":\"0x12\"}\n";
    const auto read = simulation::read_stream(file);
    ASSERT_TRUE(read.has_error());
    EXPECT_NE(read.error().message.find("jobs.jsonl:2: field 'id'"), std::string::npos) << read.error().message;
    EXPECT_NE(simulation::read_stream(folder / "none").error().message.find("cannot read"), std::string::npos);
}

}  // namespace
}  // namespace emeth::test
