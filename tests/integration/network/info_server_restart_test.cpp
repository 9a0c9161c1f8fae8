// The JOB info server's list outlives its process: restarts, also by SIGKILL at any commit, and what the chain did
// meanwhile.
#include <sys/wait.h>
#include <unistd.h>

#include "integration/network/indexed_chain.hpp"
#include "integration/network/info_server_fixture.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;

class InfoServerRestart : public InfoServerTest {
protected:
    void restart() {
        stop();
        start();
    }
    void wait_until_current() {
        for (int tries = 0; tries < 400 && get("/readyz").status != 200; ++tries)
            run(system_clock().sleep(Milliseconds{10}));
        ASSERT_EQ(get("/readyz").status, 200u);
    }
};

TEST_F(InfoServerRestart, ServesWhatItKnewWithoutAnyChain) {
    start();
    for (std::uint8_t number = 1; number <= 3; ++number) request(number);
    wait_for(3);
    while (jobs().at(0).at("datasetSize") != 5'000) run(system_clock().sleep(Milliseconds{10}));
    const std::string known = get("/api/v1/jobs").body, block = get("/api/v1/jobs").headers.at("x-emeth-block");
    chain.failure = transient_error("connection refused");
    restart();
    const auto stale = get("/api/v1/jobs");
    EXPECT_EQ(stale.body, known);
    EXPECT_EQ(stale.headers.at("x-emeth-block"), block);
    EXPECT_EQ(stale.headers.at("x-emeth-stale"), "1");
    EXPECT_EQ(get("/readyz").status, 503u);
    EXPECT_EQ(service->count_by_status(), (std::map<chain::JobStatus, std::size_t>{{chain::JobStatus::requested, 3}}));
}

TEST_F(InfoServerRestart, GoesOnWhereItStopped) {
    for (std::uint8_t number = 1; number <= 20; ++number) request(number);
    start();
    wait_for(20);
    wait_until_current();
    stop();
    request(21);
    int reads = 0;
    chain.before_details = [&] { ++reads; };
    start();
    wait_for(21);
    EXPECT_EQ(reads, 1) << "of the new JOB alone";
}

TEST_F(InfoServerRestart, SeesWhatAReorganisationTookBackMeanwhile) {
    start();
    request(0x11);
    request(0x22);
    chain.process(repeated<JobId>(0x11), repeated<Address>(0xbb));
    wait_for(1, "?status=2");
    wait_until_current();
    stop();
    chain.reorganise(2, 5);
    start();
    const json::array listed = wait_for(1);
    EXPECT_EQ(listed.at(0).at("id").as_string(), repeated<JobId>(0x11).hex());
    EXPECT_EQ(wait_for(1, "?status=0").size(), 1u);
    EXPECT_EQ(service->count_by_status().at(chain::JobStatus::requested), 1u);
}

/// A node takes the JOB just after the logs were read, and before the JOB itself is.
class TakenMeanwhile : public test::FakeChain {
public:
    std::optional<JobId> takes;
    Task<Result<std::vector<chain::Log>>> core_logs(std::uint64_t from, std::uint64_t to) override {
        auto logs = co_await FakeChain::core_logs(from, to);
        if (takes) process(*std::exchange(takes, {}), repeated<Address>(0xbb));
        co_return logs;
    }
};

/// JOBs are read as they are in the latest block, which may be ahead of the logs. What such a block did is taken back
/// with it, although no log of it was ever read.
TEST_F(InfoServerRestart, WhatWasReadAheadOfTheLogsIsTakenBackWithItsBlock) {
    for (const bool restarted : {false, true}) {
        TakenMeanwhile ahead;
        const auto job = repeated<JobId>(0x11);
        ahead.request(job, repeated<Address>(0xaa), "text", "{}", test::wei(20), deadline_unix_s);
        ahead.takes = job;
        auto list = storage::JobList::open(folder / (restarted ? "again" : "once")).value();
        const auto ignore = [](const storage::ListChanges&) {};
        std::optional<JobIndex> index(std::in_place, executor(), ahead, *list, pool, JobIndexOptions{}, ignore);
        run(index->update()).value();
        EXPECT_EQ(list->find(job).value()->status, 2);
        EXPECT_LT(index->block(), ahead.head());
        if (restarted) index.emplace(executor(), ahead, *list, pool, JobIndexOptions{}, ignore);
        ahead.reorganise(1, 3);
        run(index->update()).value();
        EXPECT_EQ(list->find(job).value()->status, 0);
        EXPECT_EQ(index->block(), ahead.head());
    }
}

TEST_F(InfoServerRestart, AnotherChainsListIsMadeAnew) {
    start();
    request(0x11);
    wait_for(1);
    stop();
    chain.id_of_chain = 4'711;
    chain.jobs.erase(repeated<JobId>(0x11));
    request(0x22);
    start();
    wait_for(1, "?id=" + repeated<JobId>(0x22).hex());
    wait_for(0, "?id=" + repeated<JobId>(0x11).hex());
    EXPECT_EQ(service->count_by_status().at(chain::JobStatus::requested), 1u);
}

TEST_F(InfoServerRestart, AWrongChainLeavesTheListAlone) {
    start();
    request(0x11);
    wait_for(1);
    wait_until_current();
    stop();
    chain.id_of_chain = 4'711;
    InfoServerOptions options;
    options.index.chain_id = 31'337;
    start(std::move(options));
    run(system_clock().sleep(Milliseconds{100}));
    EXPECT_EQ(jobs().size(), 1u);
    EXPECT_EQ(get("/readyz").status, 503u);
}

class RangesSeen : public test::FakeChain {
public:
    std::uint64_t first = ~std::uint64_t{0}, widest = 0;
    Task<Result<std::vector<chain::Log>>> core_logs(std::uint64_t from, std::uint64_t to) override {
        first = std::min(first, from);
        widest = std::max(widest, to - from + 1);
        return FakeChain::core_logs(from, to);
    }
};

TEST_F(InfoServerRestart, ReadsLogsFromTheStartBlockOnInBoundedRanges) {
    RangesSeen ranges;
    ranges.mine(30);
    for (std::uint8_t number = 1; number <= 40; ++number)
        ranges.request(repeated<JobId>(number), repeated<Address>(0xaa), "text", "{}", test::wei(20), deadline_unix_s);
    InfoServerOptions options;
    options.folder = folder / "ranges";
    options.poll_interval = Milliseconds{20};
    options.index.start_block = 25;
    options.index.range_blocks_max = 7;
    service.emplace(executor(), InfoServerPorts{ranges, storage, system_clock(), pool}, std::move(options));
    service->listen().value();
    serving.emplace(io, service->run());
    wait_for(40);
    EXPECT_EQ(ranges.first, 25u);
    EXPECT_EQ(ranges.widest, 7u);
    stop();
}

/// Runs index_jobs on `folder`, with a failpoint if one is given; true: it came to its end, false: it was killed.
bool index_jobs(const std::filesystem::path& folder, const std::string& failpoint) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (!failpoint.empty()) ::setenv("EMETH_FAILPOINT", failpoint.c_str(), 1);
        ::execl(EMETH_INDEX_JOBS, EMETH_INDEX_JOBS, folder.c_str(), nullptr);
        ::_exit(127);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_TRUE((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
                (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return WIFEXITED(status);
}

/// Killed before and after each of its commits, the index still ends as the chain is.
TEST(InfoServerCrash, SurvivesSigkillAtEveryCommit) {
    const test::TemporaryFolder folder;
    int kills = 0;
    for (bool ended = false; !ended && kills < 100; ++kills) {
        const auto moment = kills % 2 == 0 ? "before" : "after";
        ended = index_jobs(folder / "joblist", fmt::format("{}:commit listed:{}", moment,
                                                           (folder / fmt::format("fired-{}", kills)).string()));
    }
    EXPECT_GT(kills, 12);
    EXPECT_TRUE(index_jobs(folder / "joblist", ""));

    test::FakeChain chain;
    test::put_jobs(chain);
    const auto list = storage::JobList::open(folder / "joblist").value();
    std::array<std::uint64_t, storage::listed_status_count> counts{};
    for (const auto& [id, job] : chain.jobs) {
        const auto kept = list->find(id).value();
        ASSERT_TRUE(kept) << id.hex();
        EXPECT_EQ(kept->status, static_cast<std::uint8_t>(job.record.status));
        EXPECT_EQ(kept->fee, job.record.fee);
        ++counts[kept->status];
    }
    EXPECT_EQ(list->counts(), counts);
    EXPECT_EQ(list->position().block, chain.head());
    storage::JobQuery all;
    all.jobs_max = 10'000;
    std::size_t listed = 0;
    const auto more = list->list(all, [&](const storage::IndexedJob&) { return ++listed > 0; });
    EXPECT_FALSE(more.value());
    EXPECT_EQ(listed, chain.jobs.size());
}

TEST(InfoServerCrash, AStoreInUseIsRefused) {
    const test::TemporaryFolder folder;
    EXPECT_TRUE(index_jobs(folder / "joblist", ""));
    const auto held = storage::JobList::open(folder / "joblist").value();
    EXPECT_THAT(storage::JobList::open(folder / "joblist").error().message, HasSubstr("in use"));
}

}  // namespace
}  // namespace emeth::network
