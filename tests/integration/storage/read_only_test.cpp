// Reading a store, even while the daemon is writing it.
#include <atomic>
#include <thread>

#include "integration/storage/store_fixture.hpp"

namespace emeth::storage {
namespace {

using namespace statemachine;

using ReadOnlyTest = StoreTest;

TEST_F(ReadOnlyTest, NeedsAStore) {
    const Error error = error_of(NodeStore::open(folder, OpenMode::read_only));
    EXPECT_EQ(error.message, "there is no store in " + folder.string() + ": check the data folder");
    EXPECT_FALSE(std::filesystem::exists(folder)) << "looking must not make one";
}

TEST_F(ReadOnlyTest, SeesWhatTheOpenWriterCommitted) {
    const auto writer = open_store(folder);
    const Job job = finished_job(writer->jobs(), 1);
    const auto reader = open_store(folder, OpenMode::read_only);
    EXPECT_EQ(must(reader->jobs().find(job.terms.id)), job);
    must(reader->jobs().verify(job.terms.id));
    const Job later = must(writer->jobs().create({test::terms(2)}, 1));
    EXPECT_EQ(must(reader->jobs().find(later.terms.id)), std::nullopt) << "a reader sees the moment when it was opened";
    EXPECT_EQ(must(open_store(folder, OpenMode::read_only)->jobs().find(later.terms.id)), later);
}

TEST_F(ReadOnlyTest, WritesNothing) {
    const auto writer = open_store(folder);
    const Job job = must(writer->jobs().create({test::terms(1)}, 1));
    const auto reader = open_store(folder, OpenMode::read_only);
    EXPECT_TRUE(mentions(error_of(reader->jobs().create({test::terms(2)}, 1)), "open for reading only"));
    EXPECT_TRUE(mentions(error_of(reader->jobs().apply(job, {2, Restarted{"x"}}, {})), "open for reading only"));
    EXPECT_FALSE(reader->notes().set_cursor("log", "1"));
    EXPECT_FALSE(reader->notes().put_refusal({}));
    EXPECT_FALSE(reader->outbox().put({outbox_entry(1)}));
}

TEST_F(ReadOnlyTest, OpensAtAnyMomentOfABusyWriter) {
    const auto writer = open_store(folder);
    std::atomic<bool> stop = false;
    std::jthread commits([&] {
        test::Rng rng(3);
        Job job = must(writer->jobs().create({test::terms(1)}, 1));
        for (std::int64_t at = 0; !stop; ++at)
            job = must(writer->jobs().apply(job, {at, test::random_event(rng, job)}, {})).job;
    });
    std::uint64_t seen = 0;
    for (int i = 0; i < 30; ++i) {
        const auto reader = open_store(folder, OpenMode::read_only);
        const auto job = must(reader->jobs().find(test::terms(1).id));
        if (!job) continue;
        EXPECT_GE(job->sequence, seen);
        seen = job->sequence;
        must(reader->jobs().verify(job->terms.id));
    }
    stop = true;
    commits.join();
    EXPECT_GT(seen, 0U);
}

}  // namespace
}  // namespace emeth::storage
