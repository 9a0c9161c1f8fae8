// Once a commit has returned, it is on disk; no part of it may exist only in caches.
#include <rocksdb/env.h>

#include "integration/storage/store_fixture.hpp"
#include "integration/storage/unreliable_file_system.hpp"
#include "storage/rocks_database.hpp"

namespace emeth::storage {
namespace {

using namespace statemachine;

class PowerCutTest : public StoreTest {
protected:
    std::shared_ptr<UnreliableFileSystem> disk = std::make_shared<UnreliableFileSystem>();
    std::unique_ptr<rocksdb::Env> environment = rocksdb::NewCompositeEnv(disk);
};

TEST_F(PowerCutTest, EveryCommitIsSynced) {
    const auto store = must(NodeStore::open(folder, OpenMode::read_write, Platform{environment.get(), nullptr}));
    Job job = must(store->jobs().create({test::terms(1)}, 1));
    for (std::uint64_t i = 1; i <= 20; ++i) {
        const std::uint64_t before = disk->syncs;
        job = must(store->jobs().apply(job, {2, Restarted{"x"}}, {})).job;
        EXPECT_EQ(disk->syncs, before + 1) << "one commit is one sync";
    }
}

TEST_F(PowerCutTest, NothingThatReturnedIsLost) {
    test::Rng rng(11);
    const auto store = must(NodeStore::open(folder, OpenMode::read_write, Platform{environment.get(), nullptr}));
    Job job = must(store->jobs().create({test::terms(1)}, 1));
    for (int cut = 0; cut < 10; ++cut) {
        for (int i = 0; i < 15; ++i) job = must(store->jobs().apply(job, {i, test::random_event(rng, job)}, {})).job;
        must(store->outbox().put({outbox_entry(static_cast<std::uint64_t>(cut))}));
        must(store->notes().set_cursor("log", std::to_string(cut)));
        must(store->notes().put_refusal({test::numbered<JobId>(5), cut, "not synced, may be lost"}));

        const auto after_cut = root / ("cut" + std::to_string(cut));
        disk->copy_synced(folder, after_cut);
        const auto reopened = open_store(after_cut);
        ASSERT_EQ(must(reopened->jobs().find(job.terms.id)), job);
        must(reopened->jobs().verify(job.terms.id));
        EXPECT_EQ(must(reopened->outbox().all()).size(), static_cast<std::size_t>(cut) + 1);
        EXPECT_EQ(must(reopened->notes().cursor("log")), std::to_string(cut));
    }
}

}  // namespace
}  // namespace emeth::storage
