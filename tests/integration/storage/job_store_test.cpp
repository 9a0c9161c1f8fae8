// Records, history and the index of active JOBs.
#include <sys/stat.h>

#include <algorithm>
#include <barrier>
#include <thread>

#include "integration/storage/store_fixture.hpp"

namespace emeth::storage {
namespace {

using namespace statemachine;
using test::numbered;
using test::terms;

class JobStoreTest : public StoreTest {
protected:
    std::unique_ptr<NodeStore> store = open_store(folder);
};

TEST_F(JobStoreTest, CreatesOnce) {
    const Job job = must(store->jobs().create({terms(1)}, 99));
    EXPECT_EQ(job.sequence, 1U);
    EXPECT_EQ(job.entered_at_unix_ms, 99);
    EXPECT_EQ(must(store->jobs().find(job.terms.id)), job);
    EXPECT_EQ(must(store->jobs().find(numbered<JobId>(2))), std::nullopt);
    EXPECT_TRUE(mentions(error_of(store->jobs().create({terms(1)}, 100)), "exists already, in state discovered"));
    const auto history = must(store->jobs().history(job.terms.id));
    ASSERT_EQ(history.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<Discovered>(history[0].event.body));
}

TEST_F(JobStoreTest, AppliesTransitionsAndJournalsThem) {
    const Job job = finished_job(store->jobs(), 1);
    EXPECT_EQ(job.state, State::verified);
    EXPECT_EQ(job.sequence, 1 + test::straight_path().size());
    EXPECT_EQ(must(store->jobs().find(job.terms.id)), job);
    const auto history = must(store->jobs().history(job.terms.id));
    ASSERT_EQ(history.size(), job.sequence);
    for (std::size_t i = 0; i < history.size(); ++i) EXPECT_EQ(history[i].sequence, i + 1);
    EXPECT_EQ(history[2].from, State::discovered);
    EXPECT_EQ(history[2].to, State::accepted);
    must(store->jobs().verify(job.terms.id));
}

TEST_F(JobStoreTest, CommandsComeWithTheTransition) {
    const Job job = must(store->jobs().create({terms(1)}, 1));
    const auto applied = must(store->jobs().apply(job, {2, test::straight_path()[0]}, {}));
    EXPECT_EQ(applied.commands, std::vector<Command>{Command::await_process});
}

TEST_F(JobStoreTest, RejectedEventIsJournaledWithoutItsSideWrites) {
    const Job job = must(store->jobs().create({terms(1)}, 1));
    const auto applied = must(store->jobs().apply(job, {2, TimedOut{}}, {{outbox_entry(7)}}));
    ASSERT_TRUE(applied.rejection);
    EXPECT_EQ(applied.rejection->kind, RejectionKind::not_in_this_state);
    EXPECT_TRUE(applied.commands.empty());
    Job expected = job;
    expected.sequence = 2;
    EXPECT_EQ(applied.job, expected);
    EXPECT_EQ(must(store->jobs().find(job.terms.id)), expected);
    EXPECT_EQ(must(store->jobs().history(job.terms.id))[1].rejection, applied.rejection);
    EXPECT_TRUE(must(store->outbox().all()).empty());
    must(store->jobs().verify(job.terms.id));
}

TEST_F(JobStoreTest, SideWritesComeWithTheTransition) {
    const Job job = must(store->jobs().create({terms(1)}, 1));
    must(store->jobs().apply(job, {2, DepositSigned{test::tx(1), test::tx(2)}}, {{outbox_entry(1), outbox_entry(2)}}));
    store.reset();
    store = open_store(folder);
    EXPECT_EQ(must(store->outbox().pending()), (std::vector<OutboxEntry>{outbox_entry(1), outbox_entry(2)}));
}

TEST_F(JobStoreTest, StaleRecordIsRefused) {
    const Job old = must(store->jobs().create({terms(1)}, 1));
    const Job job = commit(store->jobs(), old, test::straight_path()[0]);
    const Error error = error_of(store->jobs().apply(old, {3, Restarted{"x"}}, {}));
    EXPECT_EQ(error.kind, ErrorKind::permanent);
    EXPECT_TRUE(mentions(error, "has sequence 1, the stored one 2: load it again"));
    EXPECT_EQ(must(store->jobs().find(job.terms.id)), job);
    Job unknown = job;
    unknown.terms.id = numbered<JobId>(99);
    EXPECT_TRUE(mentions(error_of(store->jobs().apply(unknown, {3, Restarted{"x"}}, {})), "not in the store"));
}

TEST_F(JobStoreTest, ChangesInMemoryDoNotReachTheRecord) {
    Job job = must(store->jobs().create({terms(1)}, 1));
    job.terms.fee = test::tokens(1'000'000);
    job.state = State::verified;
    const auto applied = must(store->jobs().apply(job, {2, Restarted{"x"}}, {}));
    EXPECT_EQ(applied.job.state, State::discovered);
    EXPECT_EQ(applied.job.terms, terms(1));
}

TEST_F(JobStoreTest, OneOfTwoRacingCommitsForAJobWins) {
    Job job = must(store->jobs().create({terms(1)}, 1));
    for (int round = 0; round < 50; ++round) {
        std::atomic<int> committed = 0;
        std::barrier start(4);
        std::vector<std::jthread> racers;
        for (int racer = 0; racer < 4; ++racer) {
            racers.emplace_back([&] {
                start.arrive_and_wait();
                if (store->jobs().apply(job, {2, Restarted{"race"}}, {})) ++committed;
            });
        }
        racers.clear();
        EXPECT_EQ(committed, 1);
        job = *must(store->jobs().find(job.terms.id));
    }
    EXPECT_EQ(job.restarts, 50U);
    must(store->jobs().verify(job.terms.id));
}

TEST_F(JobStoreTest, ConcurrentCommitsForManyJobs) {
    constexpr std::uint64_t jobs = 16;
    std::vector<std::jthread> lives;
    for (std::uint64_t number = 1; number <= jobs; ++number) {
        lives.emplace_back([&, number] {
            test::Rng rng(number);
            Job job = must(store->jobs().create({terms(number)}, 1));
            for (int i = 0; i < 40; ++i)
                job = must(store->jobs().apply(job, {i, test::random_event(rng, job)}, {})).job;
        });
    }
    lives.clear();
    for (std::uint64_t number = 1; number <= jobs; ++number) must(store->jobs().verify(numbered<JobId>(number)));
}

TEST_F(JobStoreTest, ActiveIndexEqualsTheScan) {
    test::Rng rng(5);
    std::vector<Job> jobs;
    for (std::uint64_t number = 1; number <= 20; ++number)
        jobs.push_back(must(store->jobs().create({terms(number)}, 1)));
    for (int round = 0; round < 400; ++round) {
        Job& job = jobs[rng() % jobs.size()];
        job = must(store->jobs().apply(job, {round, test::random_event(rng, job)}, {})).job;
        if (round % 100 == 50) {
            store.reset();
            store = open_store(folder);
        }
        if (round % 10 != 0) continue;
        std::vector<Job> scanned;
        must(store->jobs().for_each([&](const Job& each) {
            if (!is_end(each.state)) scanned.push_back(each);
            return true;
        }));
        ASSERT_EQ(must(store->jobs().active()), scanned);
    }
    EXPECT_TRUE(std::ranges::any_of(jobs, [](const Job& job) { return is_end(job.state); }));
    for (const Job& job : jobs) must(store->jobs().verify(job.terms.id));
}

TEST_F(JobStoreTest, JobThatLeavesItsEndIsActiveAgain) {
    Job job = finished_job(store->jobs(), 1);
    EXPECT_TRUE(must(store->jobs().active()).empty());
    job = commit(store->jobs(), job, ReorgedOut{ChainFact::verdict});
    EXPECT_EQ(must(store->jobs().active()), std::vector<Job>{job});
}

TEST_F(JobStoreTest, ForEachGoesInIdOrderAndStopsEarly) {
    for (const std::uint64_t number : {3, 1, 2}) must(store->jobs().create({terms(number)}, 1));
    std::vector<JobId> seen;
    must(store->jobs().for_each([&](const Job& job) {
        seen.push_back(job.terms.id);
        return seen.size() < 2;
    }));
    EXPECT_EQ(seen, (std::vector<JobId>{numbered<JobId>(1), numbered<JobId>(2)}));
}

TEST_F(JobStoreTest, PagesFollowOneAnotherWithoutGaps) {
    std::vector<JobId> ids;
    for (std::uint64_t number = 1; number <= 5; ++number)
        ids.push_back(must(store->jobs().create({terms(number)}, 0)).terms.id);
    std::ranges::sort(ids);
    std::vector<JobId> seen;
    std::optional<JobId> last;
    for (const std::size_t size : {2U, 2U, 1U, 0U}) {
        const auto page = must(store->jobs().page(last, 2));
        ASSERT_EQ(page.size(), size);
        for (const Job& job : page) seen.push_back(job.terms.id);
        if (!page.empty()) last = page.back().terms.id;
    }
    EXPECT_EQ(seen, ids);
    EXPECT_EQ(must(store->jobs().page(numbered<JobId>(99), 2)).size(), 0U) << "an id that the store does not know";
}

TEST_F(JobStoreTest, HistoryIsOfOneJobAlone) {
    finished_job(store->jobs(), 1);
    must(store->jobs().create({terms(2)}, 1));
    EXPECT_EQ(must(store->jobs().history(numbered<JobId>(2))).size(), 1U);
    EXPECT_TRUE(mentions(error_of(store->jobs().history(numbered<JobId>(3))), "not in the store"));
    EXPECT_TRUE(mentions(error_of(store->jobs().verify(numbered<JobId>(3))), "not in the store"));
}

TEST_F(JobStoreTest, FolderIsPrivate) {
    struct stat status{};
    ASSERT_EQ(::stat(folder.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

/// A table ends with the number of its format, four bytes, and RocksDB's magic number, eight. Debian 12's RocksDB
/// refuses a store with one table of format 6, which Debian 13's writes by default.
TEST_F(JobStoreTest, TablesAreInAFormatThatOlderSystemsRead) {
    constexpr std::size_t format_from_end = 12;
    finished_job(store->jobs(), 1);
    store.reset();
    store = open_store(folder);  // what was logged becomes tables
    int tables = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
        if (file.path().extension() != ".sst") continue;
        const std::string content = test::read_text(file.path());
        EXPECT_EQ(content.substr(content.size() - format_from_end, 4), std::string("\5\0\0\0", 4)) << file.path();
        ++tables;
    }
    EXPECT_GT(tables, 0);
}

TEST_F(JobStoreTest, SecondWriterIsRefused) {
    const Error error = error_of(NodeStore::open(folder, OpenMode::read_write));
    EXPECT_TRUE(mentions(error, folder.string() + " is in use by another process")) << error.message;
}

}  // namespace
}  // namespace emeth::storage
