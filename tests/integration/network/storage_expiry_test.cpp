// What the Storage API removes while it runs, and what it must not.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "storage_api_fixture.hpp"

namespace emeth::network {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t day_s = 86'400;

/// Sleeps as long as the test's time says: not at all.
class HastyClock : public test::ManualClock {
public:
    using ManualClock::ManualClock;
    Task<> sleep(Milliseconds) override { return system_clock().sleep(Milliseconds{1}); }
};

class StorageExpiry : public StorageApi {
protected:
    static void age(const std::filesystem::path& path, std::int64_t stored_at_unix_s) {
        const timespec times[2] = {{stored_at_unix_s, 0}, {stored_at_unix_s, 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    }
    void age_all() {
        for (const char* kind : {"dataset", "result"})
            for (const auto& entry : std::filesystem::directory_iterator(folder / kind)) age(entry.path(), start_s);
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "uploads"))
            age(entry.path(), start_s);
    }
    /// So many days later, for machine and chain.
    void at_day(std::int64_t days) {
        clock.now_unix_ms = (start_s + days * day_s) * 1'000;
        chain.now_unix_s = start_s + days * day_s;
    }
    void sweep_at_day(std::int64_t days) {
        at_day(days);
        run(server->sweep());
    }
    std::vector<std::string> datasets() { return test::files_below(folder / "dataset"); }
    std::vector<std::string> results() { return test::files_below(folder / "result"); }
    std::vector<std::string> uploads() { return test::files_below(folder / "uploads"); }

    static constexpr std::int64_t start_s = now_ms / 1'000;
};

TEST_F(StorageExpiry, ADatasetWhoseJobNeverComesGoesAfterTwoDays) {
    upload_dataset("text");
    age_all();
    sweep_at_day(2);
    EXPECT_THAT(datasets(), SizeIs(1));
    sweep_at_day(3);
    EXPECT_THAT(datasets(), IsEmpty());
    EXPECT_EQ(run(server->summary()).bytes_used, 0u);
}

TEST_F(StorageExpiry, ADatasetThatIsPutAgainIsYoungAgain) {
    upload_dataset("text");
    age_all();
    upload_dataset("text");
    const auto stored = std::filesystem::last_write_time(folder / "dataset" / datasets().front());
    EXPECT_LT(std::filesystem::file_time_type::clock::now() - stored, std::chrono::hours(1));
}

TEST_F(StorageExpiry, ADatasetOfSomebodyElseThanTheRequesterGoes) {
    const http::ClientResponse permit = post("requester/signed-put-url", dataset_announcement(stranger, "junk"));
    ASSERT_EQ(put(text(permit, "url"), "junk").status, 200u);
    const std::string real = upload_dataset("real");
    assign_job(real);
    age_all();
    sweep_at_day(3);
    EXPECT_EQ(datasets(), std::vector<std::string>{real});
}

TEST_F(StorageExpiry, NothingIsRemovedOnTheWordOfAChainThatIsAwayOrBehindOrAnother) {
    upload_dataset("text");
    age_all();
    at_day(10);
    chain.failure = transient_error("connection refused");
    run(server->sweep());
    EXPECT_THAT(datasets(), SizeIs(1)) << "away";
    chain.failure.reset();
    at_day(0);
    clock.now_unix_ms += 10 * day_s * 1'000;
    run(server->sweep());
    EXPECT_THAT(datasets(), SizeIs(1)) << "behind";
    serving.reset();
    server.reset();
    StorageApiOptions options{{}, folder.path(), limits};
    options.chain_id = chain.id_of_chain + 1;
    server.emplace(executor(), StorageApiPorts{chain, clock, system_random(), pool}, std::move(options));
    server->listen().value();
    sweep_at_day(10);
    EXPECT_THAT(datasets(), SizeIs(1)) << "another";
    start();
    sweep_at_day(10);
    EXPECT_THAT(datasets(), IsEmpty());
}

TEST_F(StorageExpiry, WhatARunningJobNeedsStays) {
    assign_job(upload_dataset("text"));
    const std::string result = upload_result("artifact");
    put_part(open_upload(1), 0, "part");
    const auto all_is_there = [this] { return datasets().size() == 1 && results().size() == 1; };
    using enum chain::JobStatus;
    for (const chain::JobStatus status : {requested, assigned, processing, submitted, rejected}) {
        chain.jobs.at(job).record.status = status;
        age_all();
        sweep_at_day(29);
        EXPECT_THAT(uploads(), SizeIs(3)) << chain::name(status);
        sweep_at_day(30);
        EXPECT_TRUE(all_is_there()) << chain::name(status);
    }
    sweep_at_day(1'000);
    EXPECT_TRUE(all_is_there());
    chain.jobs.at(job).record.status = processing;
    const http::ClientResponse permit = post("node/signed-get-url", signed_by(node, clock.now_unix_ms));
    EXPECT_EQ(get(text(permit, "url")).body, "text");
}

TEST_F(StorageExpiry, WhatAnEndedJobLeavesGoesAfterThirtyDays) {
    using enum chain::JobStatus;
    for (const chain::JobStatus status : {verified, canceled, timeout, failed, declined}) {
        chain.jobs.clear();
        at_day(0);
        assign_job(upload_dataset("text"));
        upload_result("artifact");
        chain::JobRecord& record = chain.jobs.at(job).record;
        record.status = status;
        record.requested_at_unix_s = start_s;
        chain.jobs.at(job).assign.started_at_unix_s = start_s + day_s;
        age_all();
        sweep_at_day(29);
        EXPECT_THAT(datasets(), SizeIs(1)) << chain::name(status);
        sweep_at_day(30);
        EXPECT_THAT(results(), SizeIs(1)) << chain::name(status);
        sweep_at_day(32);
        EXPECT_THAT(datasets(), IsEmpty()) << chain::name(status);
        EXPECT_THAT(results(), IsEmpty()) << chain::name(status);
        EXPECT_THAT(uploads(), IsEmpty()) << chain::name(status);
        EXPECT_EQ(run(server->summary()).bytes_used, 0u);
    }
}

/// The block that ended it may be reorganised away.
TEST_F(StorageExpiry, AJobThatHasJustEndedKeepsEverything) {
    assign_job(upload_dataset("text"));
    upload_result("artifact");
    put_part(open_upload(1), 0, "part");
    chain.jobs.at(job).record.status = chain::JobStatus::failed;
    age_all();
    sweep_at_day(20);
    EXPECT_THAT(uploads(), SizeIs(3));
    chain.jobs.at(job).record.status = chain::JobStatus::processing;
    sweep_at_day(25);
    chain.jobs.at(job).record.status = chain::JobStatus::failed;
    sweep_at_day(29);
    EXPECT_THAT(uploads(), SizeIs(3)) << "known for less than a day";
    sweep_at_day(30);
    EXPECT_THAT(uploads(), IsEmpty()) << "uploads go before objects";
    EXPECT_THAT(datasets(), SizeIs(1));
    EXPECT_THAT(results(), SizeIs(1));
}

TEST_F(StorageExpiry, AnUploadThatNobodyCameBackToGoesWhileTheServerRuns) {
    assign_job("any");
    put_part(open_upload(1), 0, "part");
    age_all();
    sweep_at_day(30);
    EXPECT_THAT(uploads(), SizeIs(2));
    chain.failure = transient_error("connection refused");
    clock.now_unix_ms = (start_s + 31 * day_s) * 1'000;
    run(server->sweep());
    EXPECT_THAT(uploads(), IsEmpty()) << "which needs no chain";
    EXPECT_EQ(run(server->summary()).bytes_used, 0u);
}

TEST_F(StorageExpiry, LeavesForeignFilesAlone) {
    test::write_text(folder / "dataset" / "notes.txt", "mine");
    test::write_text(folder / "result" / "notes.txt", "mine");
    age_all();
    sweep_at_day(1'000);
    EXPECT_THAT(datasets(), SizeIs(1));
    EXPECT_THAT(results(), SizeIs(1));
}

TEST_F(StorageExpiry, TheServerSweepsByItself) {
    upload_dataset("text");
    age_all();
    at_day(3);
    serving.reset();
    server.reset();
    HastyClock hasty(clock.now_unix_ms);
    server.emplace(executor(), StorageApiPorts{chain, hasty, system_random(), pool},
                   StorageApiOptions{{}, folder.path(), limits});
    server->listen().value();
    serving.emplace(io, server->run());
    for (int i = 0; i < 500 && !datasets().empty(); ++i) {
        io.restart();
        io.run_one_for(std::chrono::milliseconds(10));
    }
    EXPECT_THAT(datasets(), IsEmpty());
    serving.reset();
    server.reset();
}

}  // namespace
}  // namespace emeth::network
