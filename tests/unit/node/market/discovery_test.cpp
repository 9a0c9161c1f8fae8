// Discovery over a faked info server: what it says is only a hint.
#include "node/market/discovery.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "chain/amount.hpp"
#include "chain/gas.hpp"
#include "http/date.hpp"
#include "node/market/drain.hpp"
#include "node_world.hpp"
#include "support/io_fixture.hpp"

namespace emeth::test {
namespace {

class FakeInfoServer final : public api_client::InfoServer {
public:
    Result<std::vector<api_client::JobOffer>> answer = std::vector<api_client::JobOffer>{};
    int asked = 0;
    std::function<void()> on_ask;
    Task<Result<std::vector<api_client::JobOffer>>> open_jobs() override {
        ++asked;
        if (on_ask) on_ask();
        co_return answer;
    }
};

node::SelectionPolicy wide_policy() {
    node::SelectionPolicy policy;
    policy.min_fee = chain::parse_coins("10").value();
    policy.max_fee = chain::parse_coins("100").value();
    policy.dataset_bytes_max = 1'000'000'000;
    policy.disk_reserve_bytes = 0;
    return policy;
}

class DiscoveryTest : public IoFixture {
protected:
    DiscoveryTest() {
        chain.alt_balances[wallet] = chain::parse_coins("1").value();
        chain.emt_balances[wallet] = chain::parse_coins("1000").value();
        artifacts.datasets["text"] = 1'000'000;
        hub.add_worker(repeated<Address>(1));
    }

    /// A JOB on chain and in the info server's list.
    JobId offer(std::uint8_t number, std::string_view fee) {
        const auto id = repeated<JobId>(number);
        const auto fee_wei = chain::parse_coins(fee).value();
        chain.request(id, repeated<Address>(0x22), "text", R"({"language":"en","epoch":2})", fee_wei,
                      1'700'000'000 + 86'400);
        chain.jobs.at(id).details.program_id = 0;
        info.answer->push_back({id, fee_wei, 1'000'000, 1'700'000'000 + 86'400});
        return id;
    }

    std::size_t round() { return run(discovery.round()).value(); }
    void pass(Milliseconds time) { clock.pass(io, time); }
    [[nodiscard]] std::vector<JobId> chosen() const {
        std::vector<JobId> ids;
        for (const auto& job : taken) ids.push_back(job.terms.id);
        return ids;
    }

    TemporaryFolder folder;
    const Address wallet = repeated<Address>(0x77);
    VirtualClock clock{io.get_executor()};
    ExecutingChain chain;
    FakeArtifacts artifacts;
    FakeHub hub{io.get_executor(), clock};
    FakeInfoServer info;
    BlockingPool pool{0};
    HalfwayRandom random;
    std::unique_ptr<storage::NodeStore> store =
        storage::NodeStore::open(folder / "store", storage::OpenMode::read_write).value();
    std::vector<statemachine::Job> taken;
    node::Commitments commitments;
    node::PayoutWatch payouts{
        io.get_executor(), {chain, store->notes(), pool, clock}, {wallet, chain.network, wide_policy().shortfall_max}};
    node::TrackBook track{io.get_executor(), {store->jobs(), store->notes(), hub, pool, clock, random}, {}};
    node::Prospector::Ports ports() {
        return {chain, artifacts, hub,   pool,
                clock, payouts,   track, [this](std::optional<JobId>) { return commitments; }};
    }
    node::Prospector prospector{ports(), {wallet, chain.network, wide_policy(), folder.path()}};
    node::Discovery discovery{
        node::DiscoveryPorts{info, prospector, store->jobs(), store->notes(), pool, clock, random}, Milliseconds(5'000),
        [this](statemachine::Job job) { taken.push_back(std::move(job)); }};
};

TEST_F(DiscoveryTest, TakesTheBestFeeFirstAndNoMoreThanThereAreIdleWorkers) {
    offer(1, "20");
    const auto best = offer(2, "30");
    offer(3, "25");
    EXPECT_EQ(round(), 1U);
    EXPECT_EQ(chosen(), std::vector<JobId>{best});
    ASSERT_TRUE(store->jobs().find(best).value().has_value()) << "durable before it is handed over";
}

/// The wallet holds 1000 EMT.
TEST_F(DiscoveryTest, TheReserveIsNeverDeposited) {
    const auto id = offer(1, "20");
    node::SelectionPolicy policy = wide_policy();
    policy.reserve_emt = chain::parse_coins("980.5").value();
    prospector.set_policy(policy);
    EXPECT_EQ(round(), 0U);
    EXPECT_EQ(discovery.standing(id)->reason, "deposit 20 EMT > 19.5 EMT at hand (reserve_emt keeps 980.5 EMT)");
    policy.reserve_emt = chain::parse_coins("980").value();
    prospector.set_policy(policy);
    discovery.forget_refusals();
    EXPECT_EQ(round(), 1U);
}

TEST_F(DiscoveryTest, TheReserveOfGasMoneyIsLeftToJobsUnderWay) {
    const auto id = offer(1, "20");
    node::SelectionPolicy policy = wide_policy();
    policy.reserve_alt = chain::parse_coins("1").value();
    prospector.set_policy(policy);
    EXPECT_EQ(round(), 0U);
    EXPECT_NE(discovery.standing(id)->reason.find("> 0 ALT at hand (reserve_alt keeps 1 ALT)"), std::string::npos)
        << discovery.standing(id)->reason;
}

TEST_F(DiscoveryTest, APreferredRequestersJobIsLookedAtFirst) {
    offer(1, "90");
    const auto preferred = offer(2, "11");
    info.answer->back().owner = chain.jobs.at(preferred).record.owner = repeated<Address>(0x44);
    node::SelectionPolicy policy = wide_policy();
    policy.requesters_preferred = {repeated<Address>(0x44)};
    prospector.set_policy(policy);
    EXPECT_EQ(round(), 1U);
    EXPECT_EQ(chosen(), std::vector<JobId>{preferred});
}

TEST_F(DiscoveryTest, AsksNobodyWhileEveryIdleWorkerIsSpokenFor) {
    offer(1, "20");
    commitments.workers = 1;
    EXPECT_EQ(round(), 0U);
    EXPECT_EQ(info.asked, 0);
}

TEST_F(DiscoveryTest, ADrainedNodeTakesNothingUntilItIsResumed) {
    const auto id = offer(1, "20");
    ASSERT_TRUE(node::set_drained(store->notes(), true).has_value());
    EXPECT_EQ(round(), 0U);
    EXPECT_EQ(info.asked, 0);
    ASSERT_TRUE(node::set_drained(store->notes(), false).has_value());
    EXPECT_EQ(round(), 1U);
    EXPECT_EQ(chosen(), std::vector<JobId>{id});
}

TEST_F(DiscoveryTest, ADrainInTheMiddleOfARoundEndsIt) {
    offer(1, "20");
    info.on_ask = [this] { EXPECT_TRUE(node::set_drained(store->notes(), true).has_value()); };
    EXPECT_EQ(round(), 0U);
    EXPECT_TRUE(chosen().empty());
    EXPECT_TRUE(store->jobs().active().value().empty());
}

/// 21,319 s for one worker; 6 h are left, and an hour of them is the margin.
TEST_F(DiscoveryTest, ATeamIsTakenWholeAndRecorded) {
    hub.add_worker(repeated<Address>(2));
    hub.add_worker(repeated<Address>(3));
    node::SelectionPolicy policy = wide_policy();
    policy.cooperative = true;
    policy.deadline_margin_s = 3'600;
    prospector.set_policy(policy);
    artifacts.datasets["text"] = 100 << 20;
    const auto id = offer(1, "20");
    chain.jobs.at(id).record.deadline_unix_s = 1'700'000'000 + 21'600;
    EXPECT_EQ(round(), 1U);
    ASSERT_EQ(chosen(), std::vector<JobId>{id});
    const auto stored = store->jobs().find(id).value();
    EXPECT_EQ(stored->terms.team, 2U) << "durable, so that it asks for its team again after a restart";
    EXPECT_EQ(prospector.free_workers(std::nullopt), 3U);
    commitments.workers = 2;
    EXPECT_EQ(prospector.free_workers(std::nullopt), 1U);
}

/// A worker was lost before the deposit, or time went by.
TEST_F(DiscoveryTest, NoDepositIsMadeForALargerTeamThanTheJobWasChosenFor) {
    hub.add_worker(repeated<Address>(2));
    node::SelectionPolicy policy = wide_policy();
    policy.cooperative = true;
    policy.deadline_margin_s = 3'600;
    prospector.set_policy(policy);
    artifacts.datasets["text"] = 100 << 20;
    const auto id = offer(1, "20");
    EXPECT_EQ(round(), 1U);
    statemachine::Terms terms = taken.at(0).terms;
    EXPECT_EQ(terms.team, 1U);
    chain::JobRecord record = chain.jobs.at(id).record;
    record.deadline_unix_s = 1'700'000'000 + 21'600;
    const auto again = run(prospector.assess_again(terms, record)).value();
    EXPECT_EQ(std::get<node::Refused>(again).reason,
              "it was chosen to be trained by one worker and is in time only by a team of 2 now");
    terms.team = 2;
    EXPECT_TRUE(std::holds_alternative<node::Chosen>(run(prospector.assess_again(terms, record)).value()));
}

/// 25 EMT were deposited, and then every signed request was refused.
TEST_F(DiscoveryTest, TakesNoJobWhileThisMachinesClockCannotBeCorrected) {
    api_client::NetworkClock network(clock);
    node::Discovery checked{
        node::DiscoveryPorts{info, prospector, store->jobs(), store->notes(), pool, clock, random, &network},
        Milliseconds(5'000), [this](statemachine::Job job) { taken.push_back(std::move(job)); }};
    const auto best = offer(1, "20");
    const std::int64_t now_s = clock.unix_ms() / 1'000;
    const auto storage_says = [&](std::int64_t unix_s) {
        network.answered(api_client::ClockOffset::Server::storage_api, {{"date", http::format_date(unix_s)}},
                         clock.monotonic());
    };
    storage_says(now_s + 7'200);
    EXPECT_EQ(run(checked.round()).value(), 0U) << "2 h are too much";
    EXPECT_TRUE(taken.empty());
    storage_says(now_s + 1'200);
    EXPECT_EQ(run(checked.round()).value(), 0U) << "nobody else says so";
    network.answered(api_client::ClockOffset::Server::info_server, {{"date", http::format_date(now_s + 1'200)}},
                     clock.monotonic());
    EXPECT_EQ(run(checked.round()).value(), 1U) << "a second server says so: signatures are corrected";
    EXPECT_EQ(chosen(), std::vector<JobId>{best});
    EXPECT_GE(network.unix_ms(), (now_s + 1'199) * 1'000);
}

/// Each JOB of 20 EMT cost 10 net while the log spoke of an expected value of 9.68 EMT.
TEST_F(DiscoveryTest, TakesNoJobOnAContractThatKeepsDeposits) {
    const auto done = repeated<JobId>(0x44);
    chain.request(done, repeated<Address>(0x22), "text", "{}", chain::parse_coins("20").value(), 1'800'000'000);
    chain.process(done, repeated<Address>(0x33));
    chain.submit(done, "result");
    chain.verify(done, 5);
    chain.settlements[run(chain.status_logs(done, 0)).value().back().transaction] = {chain::parse_coins("10").value(),
                                                                                     std::nullopt};
    offer(1, "20");
    EXPECT_EQ(round(), 0U);
    ASSERT_EQ(store->notes().refusals().value().size(), 1U);
    EXPECT_NE(store->notes().refusals().value().at(0).reason.find("the contract pays less than its rules say"),
              std::string::npos);

    node::SelectionPolicy accepting = wide_policy();
    accepting.shortfall_max = chain::parse_coins("20").value();
    node::Prospector bold{ports(), {wallet, chain.network, accepting, folder.path()}};
    node::Discovery next_start{node::DiscoveryPorts{info, bold, store->jobs(), store->notes(), pool, clock, random},
                               Milliseconds(5'000), [this](statemachine::Job job) { taken.push_back(std::move(job)); }};
    EXPECT_EQ(run(next_start.round()).value(), 1U) << "the operator has accepted it";
}

TEST_F(DiscoveryTest, DepositsOfOneRoundAddUp) {
    hub.add_worker(repeated<Address>(2));
    chain.emt_balances[wallet] = chain::parse_coins("45").value();
    const auto first = offer(1, "30");
    const auto second = offer(2, "20");
    EXPECT_EQ(round(), 1U);
    EXPECT_EQ(chosen(), std::vector<JobId>{first});
    EXPECT_EQ(store->notes().refusals().value().at(0).id, second);
    EXPECT_EQ(store->notes().refusals().value().at(0).reason, "deposit 20 EMT > 15 EMT at hand");
}

TEST_F(DiscoveryTest, EveryOpenOfferGetsItsVerdictThoughOneWorkerIsFree) {
    const auto best = offer(1, "30");
    offer(2, "25");
    const auto cheap = offer(3, "9");
    EXPECT_EQ(round(), 1U);
    EXPECT_EQ(chosen(), std::vector<JobId>{best});
    ASSERT_EQ(store->notes().refusals().value().size(), 1U) << "what was chosen and not taken is not refused";
    EXPECT_EQ(store->notes().refusals().value().at(0).id, cheap);
}

TEST_F(DiscoveryTest, IsRankedByWhatTheChainSays) {
    const auto modest = offer(1, "20");
    const auto best = offer(2, "30");
    info.answer->at(0).fee = chain::parse_coins("90").value();  // the server errs
    EXPECT_EQ(round(), 1U);
    EXPECT_EQ(chosen(), std::vector<JobId>{best});
    EXPECT_FALSE(store->jobs().find(modest).value().has_value());
}

TEST_F(DiscoveryTest, WhatWasChosenBeforeAServerFailedIsTaken) {
    hub.add_worker(repeated<Address>(2));
    const auto best = offer(1, "40");
    for (std::uint8_t number = 2; number < 5; ++number)
        chain.jobs.at(offer(number, "30")).details.dataset = "unreachable";
    offer(5, "20");
    artifacts.unreachable = "unreachable";
    EXPECT_TRUE(run(discovery.round()).has_error()) << "three in a row: the server fails, not a JOB";
    EXPECT_EQ(chosen(), std::vector<JobId>{best});
    EXPECT_EQ(round(), 1U) << "the next round looks at those behind";
}

/// A sizeOf that answers 5xx for one JOB once stopped all behind it.
TEST_F(DiscoveryTest, AJobThatCannotBeLookedAtHoldsUpNoOther) {
    chain.jobs.at(offer(1, "30")).details.dataset = "unreachable";
    artifacts.unreachable = "unreachable";
    const auto behind = offer(2, "20");
    EXPECT_EQ(round(), 1U);
    EXPECT_EQ(chosen(), std::vector<JobId>{behind});
}

/// Requests without datasets cost their requester little; they must not keep the node from the JOBs behind them.
TEST_F(DiscoveryTest, JobsWithoutDatasetsHoldUpNoOther) {
    for (std::uint8_t number = 1; number < 20; ++number) chain.jobs.at(offer(number, "30")).details.dataset = "missing";
    const auto behind = offer(20, "20");
    EXPECT_EQ(round(), 1U);
    EXPECT_EQ(chosen(), std::vector<JobId>{behind});
}

TEST_F(DiscoveryTest, AJobThatIsListedTwiceIsTakenOnce) {
    hub.add_worker(repeated<Address>(2));
    const auto id = offer(1, "20");
    info.answer->push_back(info.answer->front());
    EXPECT_EQ(round(), 1U);
    EXPECT_EQ(chosen(), std::vector<JobId>{id});
}

/// A 404 at the first look once hid a JOB until the node was started again.
TEST_F(DiscoveryTest, ADatasetThatComesLaterIsFound) {
    const auto id = offer(1, "20");
    chain.jobs.at(id).details.dataset = "late";
    EXPECT_EQ(round(), 0U);
    const auto standing = discovery.standing(id);
    ASSERT_TRUE(standing);
    EXPECT_EQ(standing->reason, "the Storage API has no dataset late");
    ASSERT_TRUE(standing->next_look_at_unix_ms);
    EXPECT_LE(*standing->next_look_at_unix_ms, clock.unix_ms() + 60'000);
    artifacts.datasets["late"] = 1'000'000;
    EXPECT_EQ(round(), 0U) << "not before the next look is due";
    pass(node::Discovery::second_look_after);
    EXPECT_FALSE(discovery.standing(id));
    EXPECT_EQ(round(), 1U);
}

TEST_F(DiscoveryTest, TheWaitsOfAJobGrowAndOutliveARestart) {
    const auto id = offer(1, "20");
    chain.jobs.at(id).details.dataset = "missing";
    std::int64_t wait = 0;
    for (int n = 0; n < 6; ++n) {
        EXPECT_EQ(round(), 0U);
        const std::int64_t next = *discovery.standing(id).value().next_look_at_unix_ms - clock.unix_ms();
        EXPECT_TRUE(next > wait || next > 450'000) << n;
        EXPECT_LE(next, node::Discovery::trouble_policy.max.count());
        wait = next;
        if (n < 5) pass(Milliseconds(next));
    }
    artifacts.datasets["missing"] = 1'000'000;
    node::Discovery restarted{
        node::DiscoveryPorts{info, prospector, store->jobs(), store->notes(), pool, clock, random}, Milliseconds(5'000),
        [this](statemachine::Job job) { taken.push_back(std::move(job)); }};
    EXPECT_EQ(run(restarted.round()).value(), 0U);
    EXPECT_EQ(restarted.standing(id).value().next_look_at_unix_ms, discovery.standing(id).value().next_look_at_unix_ms);
    pass(Milliseconds(wait));
    EXPECT_EQ(run(restarted.round()).value(), 1U);
}

TEST_F(DiscoveryTest, AListWithoutTheJobDoesNotBeginItsWaitsAnew) {
    const auto id = offer(1, "20");
    chain.jobs.at(id).details.dataset = "missing";
    EXPECT_EQ(round(), 0U);
    const auto next = discovery.standing(id).value().next_look_at_unix_ms;
    const auto offers = std::exchange(info.answer.value(), {});
    EXPECT_EQ(round(), 0U);
    info.answer = offers;
    EXPECT_EQ(round(), 0U);
    EXPECT_EQ(discovery.standing(id).value().next_look_at_unix_ms, next);
    EXPECT_EQ(store->notes().refusals().value().size(), 1U);
}

TEST_F(DiscoveryTest, GasMoneyOfOneRoundAddsUp) {
    hub.add_worker(repeated<Address>(2));
    const auto first = offer(1, "30");
    const auto second = offer(2, "20");
    const Wei price = run(chain.fees()).value().max_fee_per_gas;
    chain.alt_balances[wallet] = chain::gas_money(price, chain::chain_gas_per_job * 3 / 2);
    EXPECT_EQ(round(), 1U);
    EXPECT_EQ(chosen(), std::vector<JobId>{first});
    ASSERT_EQ(store->notes().refusals().value().size(), 1U);
    EXPECT_EQ(store->notes().refusals().value().at(0).id, second);
    EXPECT_NE(store->notes().refusals().value().at(0).reason.find("gas money"), std::string::npos);
}

TEST_F(DiscoveryTest, BelievesTheChainAndNotTheServer) {
    const auto id = offer(1, "20");
    chain.process(id, repeated<Address>(0x33));
    info.answer->push_back(
        {repeated<JobId>(9), chain::parse_coins("50").value(), 1'000'000, 2'000'000'000});  // made up
    EXPECT_EQ(round(), 0U);
    EXPECT_TRUE(taken.empty());
    EXPECT_EQ(store->notes().refusals().value().size(), 2U);
}

TEST_F(DiscoveryTest, RecordsARefusalOnceAndLooksAgainLater) {
    offer(1, "20");
    chain.emt_balances[wallet] = chain::parse_coins("5").value();
    EXPECT_EQ(round(), 0U);
    EXPECT_EQ(round(), 0U);
    EXPECT_EQ(store->notes().refusals().value().size(), 1U);
    chain.emt_balances[wallet] = chain::parse_coins("50").value();
    EXPECT_EQ(round(), 0U) << "not before the second look is due";
    pass(node::Discovery::second_look_after);
    EXPECT_EQ(round(), 1U);
}

/// A store whose writing of a refusal takes so long that something else happens meanwhile.
class SlowNotes final : public storage::Notes {
public:
    SlowNotes(storage::Notes& notes, std::function<void()> meanwhile)
        : notes_(notes), meanwhile_(std::move(meanwhile)) {}
    Result<void> put_refusal(const storage::RefusedJob& refusal) override {
        meanwhile_();
        return notes_.put_refusal(refusal);
    }
    Result<std::vector<storage::RefusedJob>> refusals() override { return notes_.refusals(); }
    Result<std::optional<std::string>> cursor(std::string_view key) override { return notes_.cursor(key); }
    Result<void> set_cursor(std::string_view key, std::string_view value) override {
        return notes_.set_cursor(key, value);
    }

private:
    storage::Notes& notes_;
    std::function<void()> meanwhile_;
};

TEST_F(DiscoveryTest, ARefusalByOldSettingsIsForgottenThoughTheyChangeWhileItIsStored) {
    offer(1, "20");
    chain.emt_balances[wallet] = chain::parse_coins("5").value();
    node::Discovery* slow = nullptr;
    SlowNotes notes(store->notes(), [&] { slow->forget_refusals(); });
    node::Discovery other{node::DiscoveryPorts{info, prospector, store->jobs(), notes, pool, clock, random},
                          Milliseconds(5'000), [this](statemachine::Job job) { taken.push_back(std::move(job)); }};
    slow = &other;
    EXPECT_EQ(run(other.round()).value(), 0U);
    chain.emt_balances[wallet] = chain::parse_coins("50").value();
    EXPECT_EQ(run(other.round()).value(), 1U);
}

TEST_F(DiscoveryTest, AJobThatTheStoreKnowsIsLeftAlone) {
    offer(1, "20");
    EXPECT_EQ(round(), 1U);
    EXPECT_EQ(round(), 0U);
    EXPECT_EQ(taken.size(), 1U);
}

TEST_F(DiscoveryTest, ADatasetThatTheStorageApiDoesNotHaveIsAReason) {
    const auto id = offer(1, "20");
    chain.jobs.at(id).details.dataset = "missing";
    EXPECT_EQ(round(), 0U);
    EXPECT_EQ(store->notes().refusals().value().at(0).reason, "the Storage API has no dataset missing");
}

TEST_F(DiscoveryTest, AServerThatAnswersHtmlIsAskedLessOftenUntilItIsBack) {
    info.answer = transient_error("the JOB info server answered no JSON array");
    Background searching(io, discovery.run());
    for (int n = 0; n < 6; ++n) {
        io.restart();
        while (io.poll() > 0) {
        }
        clock.advance();
    }
    EXPECT_EQ(info.asked, 6);
    EXPECT_GT(clock.monotonic(), Milliseconds(5'000 * 12)) << "the waits grow";
    info.answer = std::vector<api_client::JobOffer>{};
    offer(1, "20");
    io.restart();
    while (io.poll() > 0) {
    }
    EXPECT_EQ(taken.size(), 1U);
}

}  // namespace
}  // namespace emeth::test
