// Which way the contract's open JOBs are read: by its logs or by its list.
#include "node/market/contract_offers.hpp"

#include <gtest/gtest.h>

#include "chain/amount.hpp"
#include "storage/store.hpp"
#include "support/fake_chain.hpp"
#include "support/io_fixture.hpp"
#include "support/temporary_folder.hpp"
#include "virtual_clock.hpp"

namespace emeth::test {
namespace {

using node::ContractOffers;

constexpr const char* not_served = "eth_getLogs at http://127.0.0.1:8545 answered error -32601: method not found";

class ContractOffersTest : public IoFixture {
protected:
    JobId request(std::uint8_t number) {
        const auto id = repeated<JobId>(number);
        chain.request(id, repeated<Address>(0x22), "text", "{}", chain::parse_coins("20").value(),
                      1'700'000'000 + 86'400);
        return id;
    }
    std::vector<JobId> open() {
        std::vector<JobId> found;
        for (const auto& offer : offers.open()) found.push_back(offer.id);
        return found;
    }
    Result<void> update() { return run(offers.update()); }
    /// The list is read by one call for each JOB, the logs without.
    bool reads_the_list() {
        const std::size_t before = chain.index_calls;
        EXPECT_TRUE(update().has_value());
        return chain.index_calls > before;
    }

    class CountingChain final : public FakeChain {
    public:
        std::size_t index_calls = 0;
        std::uint64_t logs_from = 0;  ///< older ones are not kept
        Task<Result<std::optional<JobId>>> job_index(std::uint64_t index) override {
            ++index_calls;
            return FakeChain::job_index(index);
        }
        Task<Result<std::vector<chain::Log>>> core_logs(std::uint64_t from_block, std::uint64_t to_block) override {
            if (from_block < logs_from) co_return transient_error("pruned history unavailable");
            co_return co_await FakeChain::core_logs(from_block, to_block);
        }
    };

    TemporaryFolder folder;
    CountingChain chain;
    VirtualClock clock{io.get_executor()};
    BlockingPool pool{0};
    std::unique_ptr<storage::NodeStore> store =
        storage::NodeStore::open(folder / "store", storage::OpenMode::read_write).value();
    ContractOffers offers{io.get_executor(), {chain, store->notes(), pool, clock}, chain.network.core};
};

TEST_F(ContractOffersTest, LogsThatAreServedAreRead) {
    const JobId id = request(1);
    EXPECT_FALSE(reads_the_list());
    EXPECT_EQ(open(), std::vector{id});
}

TEST_F(ContractOffersTest, AnEndpointThatDoesNotKnowLogsIsAskedForTheList) {
    chain.logs_failure = permanent_error(not_served);
    const JobId first = request(1), second = request(2);
    EXPECT_TRUE(reads_the_list());
    EXPECT_EQ(open(), (std::vector{first, second}));
    EXPECT_TRUE(offers.is_caught_up());
    chain.process(first, repeated<Address>(0x33));
    clock.pass(io, node::IndexedOffers::refreshed_every);
    update().value();
    EXPECT_EQ(open(), std::vector{second});
}

TEST_F(ContractOffersTest, AFailureThatMayPassIsWaitedForAFewTimes) {
    chain.logs_failure = transient_error("HTTP 429");
    const JobId id = request(1);
    for (unsigned failure = 1; failure < ContractOffers::log_failures_max; ++failure)
        EXPECT_EQ(update().error().message, "HTTP 429");
    update().value();
    EXPECT_EQ(open(), std::vector{id});
}

TEST_F(ContractOffersTest, FailuresWithSuccessesBetweenThemAreOrdinary) {
    for (unsigned failure = 0; failure < 2 * ContractOffers::log_failures_max; ++failure) {
        chain.logs_failure = transient_error("HTTP 429");
        chain.mine();
        EXPECT_TRUE(update().has_error());
        chain.logs_failure.reset();
        update().value();
    }
    EXPECT_EQ(chain.index_calls, 0U);
}

TEST_F(ContractOffersTest, AnEndpointThatIsDownSaysNothingAboutLogs) {
    chain.failure = transient_error("connection refused");
    for (unsigned failure = 0; failure < 2 * ContractOffers::log_failures_max; ++failure)
        EXPECT_EQ(update().error().message, "connection refused");
    chain.failure.reset();
    EXPECT_FALSE(reads_the_list());
}

TEST_F(ContractOffersTest, LogsAreReadAgainOnceTheyAreServed) {
    chain.logs_failure = permanent_error(not_served);
    const JobId first = request(1), second = request(2);
    update().value();
    chain.logs_failure.reset();
    EXPECT_TRUE(reads_the_list()) << "not at once";
    clock.pass(io, ContractOffers::logs_tried_every);
    chain.process(first, repeated<Address>(0x33));
    EXPECT_FALSE(reads_the_list());
    EXPECT_EQ(open(), std::vector{second});
    const JobId third = request(3);
    EXPECT_FALSE(reads_the_list());
    EXPECT_EQ(open(), (std::vector{second, third}));
}

/// The list says what is open, and the logs go on from there.
TEST_F(ContractOffersTest, AnEndpointThatKeepsOnlyNewLogsWillDo) {
    const JobId old = request(1);
    chain.mine(200);
    chain.logs_from = 100;
    for (unsigned failure = 1; failure < ContractOffers::log_failures_max; ++failure) EXPECT_TRUE(update().has_error());
    EXPECT_TRUE(reads_the_list());
    clock.pass(io, ContractOffers::logs_tried_every);
    EXPECT_FALSE(reads_the_list());
    EXPECT_EQ(open(), std::vector{old});
    chain.reorganise(1, 2);
    update().value();
    EXPECT_EQ(open(), std::vector{old}) << "it was requested long before";
    chain.process(old, repeated<Address>(0x33));
    update().value();
    EXPECT_TRUE(open().empty());
}

}  // namespace
}  // namespace emeth::test
