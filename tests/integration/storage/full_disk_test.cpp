// A full disk is a transient error: the message says so, nothing is lost, and the store continues once there is space.
#include <rocksdb/env.h>
#include <sys/mount.h>

#include <fstream>

#include "integration/storage/store_fixture.hpp"
#include "integration/storage/unreliable_file_system.hpp"
#include "storage/rocks_database.hpp"

namespace emeth::storage {
namespace {

using namespace statemachine;

class FullDiskTest : public StoreTest {
protected:
    std::shared_ptr<UnreliableFileSystem> disk = std::make_shared<UnreliableFileSystem>();
    std::unique_ptr<rocksdb::Env> environment = rocksdb::NewCompositeEnv(disk);

    void expect_full(const Error& error) const {
        EXPECT_EQ(error.kind, ErrorKind::transient);
        EXPECT_TRUE(mentions(error, folder.string())) << error.message;
        EXPECT_TRUE(mentions(error, "the disk is full")) << error.message;
        EXPECT_TRUE(mentions(error, "free space")) << error.message;
    }

    /// As the node does: a commit that failed may be found durable, and is then taken over.
    Job commit_again(JobStore& jobs, const Job& job, const char* reason) {
        const auto applied = jobs.apply(job, {2, Restarted{reason}}, {});
        if (applied.has_value()) return applied->job;
        EXPECT_TRUE(mentions(applied.error(), "load it again")) << applied.error().message;
        return must(jobs.find(job.terms.id)).value();
    }

    /// Commits fail while `fault` is set, and succeed afterwards as if nothing had happened.
    void run_into(std::atomic<bool>& fault) {
        auto store = must(NodeStore::open(folder, OpenMode::read_write, Platform{environment.get(), nullptr}));
        Job job = must(store->jobs().create({test::terms(1)}, 1));
        for (int round = 0; round < 3; ++round) {
            fault = true;
            for (int i = 0; i < 3; ++i) {
                expect_full(error_of(store->jobs().apply(job, {2, Restarted{"once"}}, {{outbox_entry(5)}})));
                EXPECT_EQ(must(store->jobs().find(job.terms.id)), job)
                    << "reading goes on, and nothing half-written is seen";
            }
            fault = false;
            job = commit_again(store->jobs(), job, "once");
        }
        EXPECT_EQ(job.restarts, 3U) << "each was made once, by the first try or by the last";
        must(store->jobs().verify(job.terms.id));

        const auto after_cut = root / "cut";
        disk->copy_synced(folder, after_cut);
        EXPECT_EQ(must(open_store(after_cut)->jobs().find(job.terms.id)), job);
        store.reset();
        EXPECT_EQ(must(open_store(folder)->jobs().find(job.terms.id)), job);
        must(open_store(folder)->jobs().verify(job.terms.id));
    }
};

TEST_F(FullDiskTest, CommitsGoOnOnceThereIsSpace) {
    run_into(disk->full);
}

TEST_F(FullDiskTest, CommitsGoOnOnceSyncsWorkAgain) {
    run_into(disk->sync_fails);
}

/// Seed 1235 of the simulation: a deposit was signed with a failing disk, and what the JOB said next took its place.
TEST_F(FullDiskTest, WhatFollowsAFailedCommitDoesNotTakeItsPlace) {
    auto store = must(NodeStore::open(folder, OpenMode::read_write, Platform{environment.get(), nullptr}));
    const Job job = must(store->jobs().create({test::terms(1)}, 1));
    disk->sync_fails = true;
    expect_full(error_of(store->jobs().apply(job, {2, Restarted{"first"}}, {{outbox_entry(5)}})));
    disk->sync_fails = false;
    const Error behind = error_of(store->jobs().apply(job, {3, Restarted{"second"}}, {}));
    EXPECT_TRUE(mentions(behind, "load it again")) << behind.message;
    EXPECT_EQ(must(store->jobs().find(job.terms.id))->sequence, job.sequence + 1);
    must(store->jobs().verify(job.terms.id));
    EXPECT_EQ(must(store->jobs().history(job.terms.id)).back().event.at_unix_ms, 2) << "the first one stands";
}

TEST_F(FullDiskTest, TheLastNonceIsThatOfAFailedCommitWhichBecameDurable) {
    auto store = must(NodeStore::open(folder, OpenMode::read_write, Platform{environment.get(), nullptr}));
    disk->sync_fails = true;
    expect_full(error_of(store->outbox().put({outbox_entry(5)})));
    expect_full(error_of(store->outbox().last_nonce()));
    disk->sync_fails = false;
    EXPECT_EQ(must(store->outbox().last_nonce()), 5U) << "not the one before, which would be given away a second time";
}

TEST_F(FullDiskTest, TheFirstCommitOfAProcessMayFindTheDiskFull) {
    Job job;
    {
        auto store = must(NodeStore::open(folder, OpenMode::read_write, Platform{environment.get(), nullptr}));
        job = must(store->jobs().create({test::terms(1)}, 1));
    }
    for (std::atomic<bool>* fault : {&disk->full, &disk->sync_fails}) {
        auto store = must(NodeStore::open(folder, OpenMode::read_write, Platform{environment.get(), nullptr}));
        *fault = true;
        expect_full(error_of(store->jobs().apply(job, {2, Restarted{"while full"}}, {})));
        *fault = false;
        job = commit_again(store->jobs(), job, "while full");
        must(store->jobs().verify(job.terms.id));
    }
    EXPECT_EQ(job.restarts, 2U) << "made once, whether the first try or the second one counts";
}

TEST_F(FullDiskTest, CommitsGoOnAfterRocksDbGaveUp) {
    auto store = must(NodeStore::open(folder, OpenMode::read_write, Platform{environment.get(), nullptr}));
    Job job = must(store->jobs().create({test::terms(1)}, 1));
    disk->logs_full = true;  // there seems to be space, but going on fails: RocksDB calls that fatal
    for (int i = 0; i < 3; ++i) expect_full(error_of(store->jobs().apply(job, {2, Restarted{"while full"}}, {})));
    disk->logs_full = false;
    EXPECT_EQ(must(store->jobs().find(job.terms.id)), job);
    job = commit(store->jobs(), job, Restarted{"space is back"});
    must(store->jobs().verify(job.terms.id));
    store.reset();
    EXPECT_EQ(must(open_store(folder)->jobs().find(job.terms.id)), job);
}

/// On a disk that is really full, opening an existing store aborted the process, at every start again.
TEST_F(FullDiskTest, AnExistingStoreIsNotOpenedWithoutRoomForItsLog) {
    const std::filesystem::path disk_folder = root / "small";
    std::filesystem::create_directory(disk_folder);
    if (::mount("tmpfs", disk_folder.c_str(), "tmpfs", 0, "size=24m") != 0)
        GTEST_SKIP() << "only root can mount a small disk";
    const std::filesystem::path store_folder = disk_folder / "store";
    Job job;
    {
        auto store = must(NodeStore::open(store_folder, OpenMode::read_write));
        job = must(store->jobs().create({test::terms(1)}, 1));
        for (int i = 0; i < 200; ++i) job = commit(store->jobs(), job, Restarted{std::string(1'000, 'x')});
    }
    const std::string filling(24 << 20, 'f');
    for (const std::size_t left : {0u, 4u, 64u, 256u}) {
        // write() fills what there is, and then some of it is given back.
        std::ofstream(disk_folder / "filling", std::ios::binary) << filling << std::flush;
        const auto filled = std::filesystem::file_size(disk_folder / "filling");
        std::filesystem::resize_file(disk_folder / "filling", filled - left * 1'024);
        const Error full = error_of(NodeStore::open(store_folder, OpenMode::read_write));
        EXPECT_EQ(full.kind, ErrorKind::transient);
        EXPECT_TRUE(mentions(full, "the disk is full")) << full.message;
        EXPECT_FALSE(NodeStore::check_room(store_folder).has_value());
        std::filesystem::remove(disk_folder / "filling");
    }
    EXPECT_TRUE(NodeStore::check_room(store_folder).has_value());
    EXPECT_EQ(must(must(NodeStore::open(store_folder, OpenMode::read_write))->jobs().find(job.terms.id)), job);
    ::umount2(disk_folder.c_str(), MNT_DETACH);
}

TEST_F(FullDiskTest, OpeningSaysSo) {
    {
        const auto store = must(NodeStore::open(folder, OpenMode::read_write, Platform{environment.get(), nullptr}));
    }
    disk->full = true;
    expect_full(error_of(NodeStore::open(folder, OpenMode::read_write, Platform{environment.get(), nullptr})));
    disk->full = false;
    must(NodeStore::open(folder, OpenMode::read_write, Platform{environment.get(), nullptr}));
}

}  // namespace
}  // namespace emeth::storage
