// The open JOBs as the contract's list of JOBs tells of them.
#include "node/market/indexed_offers.hpp"

#include <gmock/gmock.h>

#include <set>

#include "chain/amount.hpp"
#include "storage/store.hpp"
#include "support/fake_chain.hpp"
#include "support/io_fixture.hpp"
#include "support/temporary_folder.hpp"
#include "virtual_clock.hpp"

namespace emeth::test {
namespace {

using node::IndexedOffers;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

JobId numbered(std::uint64_t number) {
    JobId id;
    id.bytes[0] = 0x77;
    for (std::size_t byte = 0; byte < 8; ++byte) id.bytes[15 - byte] = static_cast<std::uint8_t>(number >> (8 * byte));
    return id;
}

/// As many JOBs as one likes before those that are requested by call; of these older ones only `open` can be taken.
class LongChain final : public FakeChain {
public:
    std::uint64_t older = 0;
    std::set<std::uint64_t> open;
    std::vector<std::uint64_t> asked;  ///< the indexes
    std::optional<std::uint64_t> broken_index;
    bool is_endless = false;
    std::uint64_t lag = 0;  ///< blocks that the endpoint does not know yet

    Task<Result<std::optional<JobId>>> job_index(std::uint64_t index) override {
        asked.push_back(index);
        if (index == broken_index) co_return transient_error("HTTP 503");
        if (is_endless || index < older) co_return std::optional(numbered(index));
        co_return co_await FakeChain::job_index(index - older);
    }
    Task<Result<chain::Block>> latest_block() override {
        const Result<chain::Block> latest = co_await FakeChain::latest_block();
        if (latest.has_error() || lag == 0) co_return latest;
        const Result<std::optional<chain::Block>> behind = co_await FakeChain::block(latest->number - lag);
        co_return **behind;
    }
    Task<Result<std::optional<chain::Block>>> block(std::uint64_t number) override {
        const Result<chain::Block> latest = co_await latest_block();
        if (latest.has_error()) co_return latest.error();
        if (number > latest->number) co_return std::optional<chain::Block>();
        co_return co_await FakeChain::block(number);
    }
    Task<Result<chain::JobRecord>> job(JobId id) override {
        if (id.bytes[0] != 0x77) co_return co_await FakeChain::job(id);
        chain::JobRecord record{true, repeated<Address>(0x22), 1'800'000'000, wei(5), chain::JobStatus::verified, 7};
        for (const std::uint64_t number : open)
            if (numbered(number) == id) record.status = chain::JobStatus::requested;
        co_return record;
    }
};

class IndexedOffersTest : public IoFixture {
protected:
    JobId request(std::uint8_t number) {
        const auto id = repeated<JobId>(number);
        chain.request(id, repeated<Address>(0x22), "text", "{}", chain::parse_coins("20").value(),
                      1'700'000'000 + 86'400);
        return id;
    }
    void restart() { list.emplace(node::ContractPorts{chain, store->notes(), pool, clock}, chain.network.core); }
    std::vector<JobId> update(std::size_t reads = 1'000) {
        run(list->update(reads)).value();
        return open();
    }
    std::vector<JobId> open() {
        std::vector<JobId> found;
        for (const auto& offer : list->open()) found.push_back(offer.id);
        return found;
    }
    std::vector<JobId> later() {
        clock.pass(io, IndexedOffers::refreshed_every);
        return update();
    }

    TemporaryFolder folder;
    LongChain chain;
    VirtualClock clock{io.get_executor()};
    BlockingPool pool{0};
    std::unique_ptr<storage::NodeStore> store =
        storage::NodeStore::open(folder / "store", storage::OpenMode::read_write).value();
    std::optional<IndexedOffers> list{std::in_place, node::ContractPorts{chain, store->notes(), pool, clock},
                                      chain.network.core};
};

TEST_F(IndexedOffersTest, WhatIsRequestedIsOpenUntilItIsTakenCancelledOrLate) {
    EXPECT_THAT(update(), IsEmpty());
    const JobId first = request(1), second = request(2), third = request(3);
    EXPECT_THAT(update(), ElementsAre(first, second, third));
    EXPECT_EQ(list->open().front().fee, chain::parse_coins("20").value());
    EXPECT_EQ(list->open().front().owner, repeated<Address>(0x22));
    chain.process(first, repeated<Address>(0x33));
    chain.cancel(third);
    EXPECT_THAT(later(), ElementsAre(second));
    chain.mine(86'400);
    EXPECT_THAT(update(), IsEmpty());
}

TEST_F(IndexedOffersTest, AStatusIsNotReadAgainAtOnce) {
    const JobId id = request(1);
    update();
    chain.process(id, repeated<Address>(0x33));
    EXPECT_THAT(update(), ElementsAre(id)) << "the chain is asked before a deposit in any case";
    EXPECT_THAT(later(), IsEmpty());
}

TEST_F(IndexedOffersTest, OfAMillionJobsTheNewestAreReadFromTheEnd) {
    chain.older = 1'000'000;
    chain.open = {999'999, 999'000, 990'001, 989'999};
    EXPECT_THAT(update(100), ElementsAre(numbered(999'999)));
    EXPECT_LT(chain.asked.size(), 120U) << "100 and what finding the end takes";
    EXPECT_FALSE(list->is_complete());
    while (!list->is_complete()) update();
    EXPECT_THAT(open(), ElementsAre(numbered(990'001), numbered(999'000), numbered(999'999)));
    chain.asked.clear();
    const JobId fresh = request(1);
    EXPECT_THAT(update(), testing::Contains(fresh));
    EXPECT_LT(chain.asked.size(), 8U);
}

TEST_F(IndexedOffersTest, AfterARestartTheListGoesOnWhereItWasLeft) {
    chain.older = 20'000;
    chain.open = {15'000};
    while (!list->is_complete()) later();
    later();
    const JobId fresh = request(1);
    chain.asked.clear();
    restart();
    EXPECT_THAT(update(), ElementsAre(fresh, numbered(15'000)));
    EXPECT_LT(chain.asked.size(), 8U);
    EXPECT_TRUE(list->is_complete());
}

TEST_F(IndexedOffersTest, WhatWasAddedInALongAbsenceIsReadFromTheEnd) {
    chain.older = 10;
    update();
    restart();
    chain.older = 500'000;
    chain.open = {499'999, 400'000};
    EXPECT_THAT(update(50), ElementsAre(numbered(499'999)));
    while (!list->is_complete()) update();
    EXPECT_THAT(open(), ElementsAre(numbered(499'999)));
}

TEST_F(IndexedOffersTest, AJobThatAReorganisationPutsAtAnIndexIsRead) {
    const JobId first = request(1), second = request(2);
    EXPECT_THAT(update(), ElementsAre(first, second));
    chain.reorganise(1, 1);
    const JobId other = request(9);
    EXPECT_THAT(update(), ElementsAre(first, other));
    const JobId next = request(8);
    EXPECT_THAT(update(), ElementsAre(first, next, other));
}

TEST_F(IndexedOffersTest, AReorganisationThatShortensTheListIsFollowed) {
    const JobId first = request(1);
    request(2);
    update();
    chain.reorganise(1, 3);
    EXPECT_THAT(later(), ElementsAre(first));
    const JobId third = request(3);
    EXPECT_THAT(update(), ElementsAre(first, third));
}

TEST_F(IndexedOffersTest, AReorganisationOfTheWholeListIsReadAnew) {
    request(1);
    update();
    chain.reorganise(1, 1);
    const JobId other = request(2);
    EXPECT_THAT(later(), ElementsAre(other));
}

TEST_F(IndexedOffersTest, AReorganisationBringsATakenJobBack) {
    chain.older = 1'000;
    chain.open = {500};
    while (!list->is_complete()) update();
    chain.mine();
    chain.open.clear();
    EXPECT_THAT(later(), IsEmpty());
    chain.reorganise(1, 2);
    chain.open = {500};
    EXPECT_THAT(update(), ElementsAre(numbered(500)));
}

TEST_F(IndexedOffersTest, AnEndpointThatLagsIsNoReorganisation) {
    const JobId id = request(1);
    chain.mine(5);
    EXPECT_THAT(update(), ElementsAre(id));
    chain.asked.clear();
    chain.lag = 2;
    EXPECT_THAT(update(), ElementsAre(id));
    EXPECT_THAT(chain.asked, IsEmpty());
}

TEST_F(IndexedOffersTest, AFailureHalfWayLosesNothing) {
    chain.older = 300;
    chain.open = {10, 290};
    chain.broken_index = 280;
    EXPECT_EQ(run(list->update(100)).error().message, "HTTP 503");
    EXPECT_THAT(open(), ElementsAre(numbered(290)));
    chain.broken_index.reset();
    while (!list->is_complete()) update(100);
    EXPECT_THAT(open(), ElementsAre(numbered(10), numbered(290)));
}

TEST_F(IndexedOffersTest, AnEndpointWithoutAnEndIsNotAskedForEver) {
    chain.is_endless = true;
    EXPECT_EQ(run(list->update(100)).error().message, "the endpoint knows no end of the contract's list of JOBs");
    EXPECT_LT(chain.asked.size(), 50U);
}

TEST_F(IndexedOffersTest, OnlyWhatWasReadJustNowIsMissingFromAServersList) {
    const JobId id = request(1);
    update();
    chain.mine(400);
    clock.pass(io, Milliseconds(1));
    update();
    EXPECT_EQ(list->missing_from({}, 300), 0U) << "it may have been taken meanwhile";
    later();
    EXPECT_EQ(list->missing_from({}, 300), 1U);
    EXPECT_EQ(list->missing_from({}, 500), 0U) << "not so long ago";
    EXPECT_EQ(list->missing_from({{id, {}, 0, 0}}, 300), 0U);
}

TEST(IndexedOffersNote, IsReadBackAndChecked) {
    node::IndexedOffersNote note{5, 7, 9, {numbered(7), numbered(8)}, {12, repeated<Hash256>(3), 1'700'000'000}, {}};
    note.jobs[numbered(7)] = {repeated<Address>(1), wei(5), 8, 6, 12, 13, Milliseconds(1)};
    const auto read = node::read_indexed_offers_note(node::to_text(note));
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(node::to_text(*read), node::to_text(note));
    EXPECT_EQ(read->newest, note.newest);
    EXPECT_EQ(read->jobs.at(numbered(7)).taken_in_block, 13U);
    EXPECT_FALSE(read->jobs.at(numbered(7)).read_at) << "of another process's clock";
    for (const auto change :
         {+[](node::IndexedOffersNote& of) { of.low = 10; }, +[](node::IndexedOffersNote& of) { of.floor = 8; },
          +[](node::IndexedOffersNote& of) { of.newest.push_back(numbered(9)); }}) {
        node::IndexedOffersNote damaged = note;
        change(damaged);
        EXPECT_TRUE(node::read_indexed_offers_note(node::to_text(damaged)).has_error());
    }
    EXPECT_TRUE(node::read_indexed_offers_note("{}").has_error());
}

}  // namespace
}  // namespace emeth::test
