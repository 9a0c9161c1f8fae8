// Dump, verification and reading of a whole store.
#include "storage/inspection.hpp"

#include <gmock/gmock.h>

#include <set>

#include "integration/storage/store_fixture.hpp"
#include "storage/bulk_load.hpp"
#include "storage/keys.hpp"
#include "storage/rocks_store.hpp"

namespace emeth::storage {
namespace {

using namespace statemachine;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// The transactions that finished_job() signs, of all its nonces.
std::vector<OutboxEntry> transactions_of_straight_path(std::uint64_t job) {
    std::vector<OutboxEntry> entries;
    const auto add = [&](TxKind kind, const TxRef& tx) {
        OutboxEntry entry = outbox_entry(tx.nonce, 5);
        entry.kind = kind;
        entry.hash = tx.hash;
        entry.job = test::terms(job).id;
        entries.push_back(entry);
    };
    for (const EventBody& body : test::straight_path()) {
        if (const auto* pair = std::get_if<DepositSigned>(&body)) {
            add(TxKind::approve, pair->approve.value());
            add(TxKind::process, pair->process);
        }
        if (const auto* submit = std::get_if<SubmitSigned>(&body)) add(TxKind::submit, submit->submit);
    }
    return entries;
}

class InspectionTest : public StoreTest {
protected:
    /// A finished JOB, whose transactions are in the outbox, and one that is chosen.
    void live() {
        const auto store = open_store(folder);
        finished_job(store->jobs(), 1);
        must(store->outbox().put(transactions_of_straight_path(1)));
        must(store->jobs().create({test::terms(2)}, 1));
    }
    /// Changes the store behind its back.
    void tamper(const std::function<void(Batch&)>& change) {
        const auto database = must(RocksDatabase::open(folder, OpenMode::read_write));
        Batch batch;
        change(batch);
        must(database->write(batch, Durability::synced));
    }
    std::vector<std::string> problems() {
        return must(open_store(folder, OpenMode::read_only)->inspection().verify({2, {}})).problems;
    }
};

TEST_F(InspectionTest, WhatWasLivedAgrees) {
    live();
    const Verification found = must(open_store(folder, OpenMode::read_only)->inspection().verify());
    EXPECT_THAT(found.problems, IsEmpty());
    EXPECT_EQ(found.problems_found, 0U);
    EXPECT_EQ(found.jobs, 2U);
    EXPECT_EQ(found.history_entries, test::straight_path().size() + 2);
    EXPECT_EQ(found.transactions, 3U);
}

TEST_F(InspectionTest, AnEmptyStoreAgrees) {
    open_store(folder);
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(InspectionTest, AllThatIsWrongIsFound) {
    live();
    tamper([](Batch& batch) {
        batch.erase(Family::history, history_key(test::terms(1).id, 3));
        batch.erase(Family::meta, active_key(test::terms(2).id));
        batch.put(Family::meta, active_key(test::terms(7).id), {});
        batch.put(Family::history, history_key(test::terms(8).id, 1), "x");
        batch.put(Family::history, history_key(test::terms(8).id, 2), "x");
    });
    EXPECT_THAT(problems(),
                UnorderedElementsAre(HasSubstr("0001: history entry 4: entry 3 should follow"),
                                     HasSubstr("0002: it is discovered, and not in the index of active JOBs"),
                                     HasSubstr("0007: it is in the index of active JOBs, and has no record"),
                                     HasSubstr("its JOB has no record")));
}

TEST_F(InspectionTest, AnEndedJobInTheIndexIsFound) {
    live();
    tamper([](Batch& batch) { batch.put(Family::meta, active_key(test::terms(1).id), {}); });
    EXPECT_THAT(problems(), UnorderedElementsAre(HasSubstr("it is verified, and yet in the index")));
}

TEST_F(InspectionTest, AnOutboxThatLacksWhatAHistorySignedIsFound) {
    live();
    const auto lacking = transactions_of_straight_path(1).front();
    tamper([&](Batch& batch) { batch.erase(Family::outbox, number_key(lacking.nonce)); });
    EXPECT_THAT(problems(), UnorderedElementsAre(HasSubstr("which is not in the outbox")));
}

TEST_F(InspectionTest, TransactionsThatNoHistoryKnowsAreFound) {
    live();
    OutboxEntry foreign = transactions_of_straight_path(1).front();
    foreign.hash = test::numbered<Hash256>(77);
    OutboxEntry stray = foreign;
    stray.nonce = 1'000'000;
    must(open_store(folder)->outbox().put({foreign, stray}));
    EXPECT_THAT(problems(), UnorderedElementsAre(HasSubstr("has another approve with this nonce"),
                                                 HasSubstr("whose history does not know it")));
}

TEST_F(InspectionTest, IndicesAndReplacementsOfTheOutboxAreCompared) {
    live();
    const std::uint64_t mined = transactions_of_straight_path(1).front().nonce;
    tamper([&](Batch& batch) {
        batch.put(Family::meta, pending_key(mined), {});
        batch.put(Family::meta, pending_key(999), {});
        batch.put(Family::meta, replacement_key(998, 1), {});
    });
    EXPECT_THAT(problems(),
                UnorderedElementsAre(HasSubstr("it is mined, and yet in the index of unmined transactions"),
                                     HasSubstr("nonce 999: it is in the index of unmined transactions, and not in"),
                                     HasSubstr("nonce 998: it has a replacement, and is not in the outbox")));
}

TEST_F(InspectionTest, SentencesAreBoundedAndCounted) {
    constexpr std::size_t strays = Verification::problems_max + 20;
    open_store(folder);
    tamper([](Batch& batch) {
        for (std::uint64_t number = 0; number < strays; ++number)
            batch.put(Family::history, history_key(test::numbered<JobId>(number), 1), {});
    });
    const Verification found = must(open_store(folder, OpenMode::read_only)->inspection().verify());
    EXPECT_EQ(found.problems_found, strays);
    EXPECT_EQ(found.problems.size(), Verification::problems_max);
}

/// Stores of more than one piece.
class ManyJobsTest : public InspectionTest {
protected:
    static constexpr std::uint64_t many = 3'200;

    ManyJobsTest() {
        auto load = must(BulkLoad::open(folder));
        for (std::uint64_t number = 1; number <= many; ++number) {
            const Job job = discover({test::terms(number)}, 5).next;
            HistoryEntry entry{1, {5, Discovered{test::terms(number)}}, job.state, job.state, std::nullopt};
            Job recorded = job;
            recorded.sequence = 1;
            OutboxEntry transaction = outbox_entry(number, 5);
            transaction.job.reset();
            must(load->add(recorded, std::vector{entry}, {transaction}));
        }
        must(load->finish());
    }
    /// What a dump hands on before it fails, and the Error.
    static std::pair<std::string, Error> failing_dump(const NodeStore& store, unsigned threads) {
        std::string text;
        const auto failed = store.inspection().dump([&](std::string_view lines) { text += lines; }, {threads, {}});
        return {std::move(text), error_of(failed)};
    }
};

TEST_F(ManyJobsTest, TheDumpIsTheSameWhateverTheNumberOfThreads) {
    const auto store = open_store(folder, OpenMode::read_only);
    const std::string alone = dump_text(*store);
    EXPECT_EQ(dump_text(*store, 3), alone);
    EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(alone, '\n')), 3 * many + 2);
    EXPECT_THAT(alone, ::testing::EndsWith("{\"type\":\"end\",\"lines\":9601}\n"));
}

/// Each in a piece of its own, so that several threads find them at once.
TEST_F(ManyJobsTest, TheFirstDamageIsToldWhateverTheNumberOfThreads) {
    const std::string sound = dump_text(*open_store(folder, OpenMode::read_only));
    tamper([](Batch& batch) {
        for (const std::uint64_t number : {1'500, 2'500, 3'100})
            batch.put(Family::jobs, job_key(test::terms(number).id), "\xff");
    });
    const auto store = open_store(folder, OpenMode::read_only);
    for (const unsigned threads : {1U, 2U, 4U}) {
        for (int again = 0; again < 10; ++again) {
            const auto [text, error] = failing_dump(*store, threads);
            EXPECT_THAT(error.message, HasSubstr(printable_key(job_key(test::terms(1'500).id)))) << threads;
            EXPECT_TRUE(sound.starts_with(text)) << "what was handed on is not what comes before the damage";
            EXPECT_THAT(text, HasSubstr(test::terms(1'000).id.hex()));
            EXPECT_THAT(text, ::testing::EndsWith("\n"));
        }
    }
}

TEST_F(ManyJobsTest, DamagedTransactionsAreToldByNumber) {
    tamper([](Batch& batch) {
        for (const std::uint64_t nonce : {1'500, 2'500}) batch.put(Family::outbox, number_key(nonce), "\xff");
    });
    const auto store = open_store(folder, OpenMode::read_only);
    EXPECT_THAT(failing_dump(*store, 4).second.message, HasSubstr("outbox 0x00000000000005dc"));
    const auto found = must(store->inspection().verify({4, {}}));
    EXPECT_THAT(found.problems, UnorderedElementsAre(HasSubstr("outbox 0x00000000000005dc: 1 bytes do not parse"),
                                                     HasSubstr("outbox 0x00000000000009c4: 1 bytes do not parse")));
    EXPECT_EQ(found.transactions, many - 2);
}

/// A piece whose turn has not come holds some of its lines, and not all of a history without bound.
TEST_F(ManyJobsTest, NoMoreThanABlockOfLinesIsHeld) {
    constexpr std::size_t message_bytes = 1 << 20, block_bytes = 1 << 20, waiting_bytes_max = 32 << 20;
    constexpr std::uint64_t entries = 40;
    {
        auto load = must(BulkLoad::open(folder));
        std::vector<HistoryEntry> history;
        for (std::uint64_t sequence = 1; sequence <= entries; ++sequence) {
            const StepFailed failed{FailureClass::transient, "upload", std::string(message_bytes, 'x'), 1, 0};
            history.push_back({sequence, {5, failed}, State::discovered, State::discovered, std::nullopt});
        }
        must(load->add(discover({test::terms(1'500)}, 5).next, history, {}));
        must(load->finish());
    }
    const auto store = open_store(folder, OpenMode::read_only);
    std::string alone;
    for (const unsigned threads : {1U, 4U}) {
        std::string text;
        std::size_t largest = 0;
        const auto sink = [&](std::string_view lines) {
            text += lines;
            largest = std::max(largest, lines.size());
        };
        must(store->inspection().dump(sink, {threads, {}}));
        EXPECT_LT(largest, (threads == 1 ? block_bytes : waiting_bytes_max) + 2 * message_bytes);
        if (threads == 1) alone = text;
        EXPECT_TRUE(text == alone) << "with " << threads << " threads";
    }
}

TEST_F(ManyJobsTest, EveryJobIsVerifiedAndVisitedOnce) {
    const auto store = open_store(folder, OpenMode::read_only);
    std::uint64_t told = 0;
    const Effort effort{3, [&](std::uint64_t jobs) {
                            EXPECT_GE(jobs, told);
                            told = jobs;
                        }};
    EXPECT_EQ(must(store->inspection().verify(effort)).jobs, many);
    EXPECT_EQ(told, many);
    told = 0;
    std::set<JobId> visited;
    must(store->inspection().for_each_life(
        [&](const Job& job, const auto& history) {
            EXPECT_EQ(history.size(), 1U);
            EXPECT_TRUE(visited.insert(job.terms.id).second);
        },
        effort));
    EXPECT_EQ(visited.size(), many);
    EXPECT_EQ(must(store->inspection().count_states())[static_cast<std::size_t>(State::discovered)], many);
}

TEST_F(ManyJobsTest, WhatTheSinkThrowsEndsTheDump) {
    const auto store = open_store(folder, OpenMode::read_only);
    const auto full = [](std::string_view lines) {
        if (lines.size() > 100) throw ErrorException(transient_error("the disk is full"));
    };
    EXPECT_EQ(error_of(store->inspection().dump(full, {3, {}})).message, "the disk is full");
}

TEST_F(ManyJobsTest, IdsAreFoundByTheirBeginning) {
    const auto inspection = open_store(folder, OpenMode::read_only)->inspection();
    const auto id = [](std::uint64_t number) { return test::numbered<JobId>(number); };
    EXPECT_EQ(must(inspection.ids_between(id(5), id(7), 9)), (std::vector{id(5), id(6), id(7)}));
    EXPECT_EQ(must(inspection.ids_between(id(5), id(7), 2)), (std::vector{id(5), id(6)}));
    EXPECT_THAT(must(inspection.ids_between(id(many + 1), id(many + 9), 2)), IsEmpty());
}

TEST_F(InspectionTest, OneJobsLinesAreThoseOfTheDumpThatConcernIt) {
    live();
    const auto store = open_store(folder);
    const std::uint64_t nonce = transactions_of_straight_path(1).front().nonce;
    must(store->outbox().add_replacement(nonce, {test::numbered<Hash256>(71), {7, 1}, 8}));
    std::string text;
    must(store->inspection().dump_job(test::terms(1).id, [&](std::string_view lines) { text += lines; }));
    const std::string all = dump_text(*store);
    std::istringstream lines(text);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) EXPECT_THAT(all, HasSubstr(line));
    EXPECT_EQ(count, 1 + test::straight_path().size() + 1 + 3 + 1);
    EXPECT_FALSE(store->inspection().dump_job(test::terms(9).id, [](std::string_view) {}));
}

}  // namespace
}  // namespace emeth::storage
