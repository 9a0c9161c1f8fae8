// How long a JOB takes on the workers that could get it.
#include "node/market/finish_estimate.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "chain/gas.hpp"
#include "support/worker_fitness.hpp"

namespace emeth::test {
namespace {

using node::finish_estimate_at_worst_s;
using node::finish_estimate_s;
using node::slowest_idle_estimate_s;
using node::why_unable;
using node::WorkerInfo;
using node::Workload;
using ::testing::HasSubstr;

constexpr std::int64_t hour_s = 3'600;

WorkerInfo worker(double tokens_per_s, std::uint64_t power_capacity = 0) {
    WorkerInfo info;
    info.connected = true;
    info.power_capacity = power_capacity;
    info.fitness = fit_for_everything(tokens_per_s);
    return info;
}

Workload work(std::string model, std::uint64_t bytes, std::uint32_t epochs = 2) {
    return {std::move(model), epochs, bytes, 582, 2};
}

/// Was taken with "finish estimate 99 min", as all presets took a JOB's time by its gas.
TEST(FinishEstimate, IsOfThePreset) {
    const WorkerInfo machine = worker(472);
    EXPECT_GT(finish_estimate_s(work("gpt2", 30'000'000), machine), 8 * hour_s);
    EXPECT_LT(finish_estimate_s(work("gpt2", 30'000'000), machine), 12 * hour_s);
    EXPECT_LT(finish_estimate_s(work("gpt2", 30'000'000), worker(47'200)), 10 * hour_s / 100 + 600);
}

TEST(FinishEstimate, GrowsWithBytesAndEpochs) {
    const WorkerInfo machine = worker(20'000);
    const auto once = finish_estimate_s(work("nano", 100'000'000), machine);
    const auto twice = finish_estimate_s(work("nano", 200'000'000), machine);
    EXPECT_NEAR(static_cast<double>(twice) / static_cast<double>(once), 2, 0.02);
    EXPECT_GT(finish_estimate_s(work("nano", 100'000'000, 4), machine), once * 18 / 10);
    EXPECT_GE(finish_estimate_s(work("nano", 4'096), machine), 50) << "whatever else there is to do";
}

/// Random bytes were taken as text and given back with a penalty.
TEST(FinishEstimate, AtWorstEachByteIsAToken) {
    const WorkerInfo machine = worker(20'000);
    const auto usual = finish_estimate_s(work("nano", 100'000'000), machine);
    EXPECT_GT(finish_estimate_at_worst_s(work("nano", 100'000'000), machine), 2 * usual);
    EXPECT_EQ(finish_estimate_at_worst_s(work("gpt2", 30'000'000), worker(472, 27'300)),
              finish_estimate_s(work("gpt2", 30'000'000), worker(472, 27'300)));
}

/// What 32 windows hold, where that is more: few tokens are repeated.
TEST(FinishEstimate, AtWorstTheSmallestDatasetIsRepeated) {
    const WorkerInfo machine = worker(10);
    const auto epochs_s = finish_estimate_at_worst_s(work("gpt2", 4'096, 12), machine) -
                          finish_estimate_at_worst_s(work("gpt2", 4'096, 2), machine);
    EXPECT_EQ(epochs_s, 10 * 32 * 256 / 10);
}

TEST(FinishEstimate, ASettingOverridesIt) {
    EXPECT_EQ(finish_estimate_s(work("gpt2", 30'000'000), worker(472, 27'300)),
              chain::finish_estimate_s(582, 27'300, 2));
    EXPECT_EQ(chain::finish_estimate_s(582, 27'300, 2), 21'319) << "about the published 6 h";
    EXPECT_EQ(chain::finish_estimate_s(582, 27'300, 4), 42'638);
}

/// 37 MB of d512 are 20 M tokens in two epochs: 200,000 s at 100 tokens/s. Helpers come after 75.5 s for the dataset
/// and a minute; a team of 3 then is 1.7 times as fast: 136 + 199,864 / 1.7 = 117,703 s. Nothing else is done any
/// sooner.
TEST(FinishEstimate, OnlyTrainingIsShared) {
    const Workload text = work("d512", 37'000'000);
    const auto alone = finish_estimate_s(text, worker(100));
    EXPECT_NEAR(static_cast<double>(alone - finish_estimate_s(text, worker(100), 3)), 200'000 - 117'703, 1);
    EXPECT_EQ(finish_estimate_s(text, worker(100), 1), alone);
    EXPECT_LT(finish_estimate_at_worst_s(text, worker(100), 3), finish_estimate_at_worst_s(text, worker(100)));
    EXPECT_EQ(slowest_idle_estimate_s(text, {worker(200), worker(100)}, 3), finish_estimate_s(text, worker(100), 3));
}

/// gpt2 has 124 M weights: two workers exchange them for 39.7 s in each step of 42 s.
TEST(FinishEstimate, AFastMachineGainsNothingOnASlowLine) {
    const Workload text = work("gpt2", 30'000'000);
    EXPECT_EQ(finish_estimate_s(text, worker(472, 27'300), 2), finish_estimate_s(text, worker(472, 27'300)));
    EXPECT_LT(finish_estimate_s(text, worker(472, 2'730), 2), finish_estimate_s(text, worker(472, 2'730)));
}

TEST(FinishEstimate, NoNumberOverflowsIt) {
    const auto most = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(finish_estimate_s(work("gpt2", most, 1'000), worker(1e-300)), 1'000'000'000'000);
    EXPECT_EQ(finish_estimate_s(work("gpt2", most, 1'000), worker(1e-300), 3), 1'000'000'000'000);
    EXPECT_EQ(chain::finish_estimate_s(most, 1, 1'000), 1'000'000'000'000);
    EXPECT_EQ(chain::finish_estimate_s(582, 0, 2), 1'000'000'000'000);
    EXPECT_EQ(finish_estimate_s(work("gpt9", 5'000), worker(20'000)), 1'000'000'000'000);
}

TEST(FinishEstimate, TheSlowestWorkerThatCouldGetTheJobDecides) {
    WorkerInfo slow = worker(10), away = slow, busy = slow, resting = slow, unable = slow;
    away.connected = false;
    busy.job = JobId{};
    resting.rest = Milliseconds(1);
    unable.fitness->tokens_per_s.erase("d256");
    const Workload job = work("d256", 1'000'000);
    const WorkerInfo fast = worker(1'000), faster = worker(2'000);
    EXPECT_EQ(slowest_idle_estimate_s(job, {faster, fast, away, busy, resting, unable}), finish_estimate_s(job, fast));
    EXPECT_EQ(slowest_idle_estimate_s(job, {fast, slow}), finish_estimate_s(job, slow));
    const std::vector<WorkerInfo> both{fast, slow};
    EXPECT_EQ(node::slowest_idle_worker(job, both)->worker, &both[1]);
    EXPECT_FALSE(node::slowest_idle_worker(job, {away, busy}));
    EXPECT_EQ(slowest_idle_estimate_s(job, {away, busy, resting, unable}), std::nullopt);
    EXPECT_EQ(slowest_idle_estimate_s(job, {}), std::nullopt);
}

TEST(FinishEstimate, AWorkerWithoutRoomIsUnable) {
    WorkerInfo machine = worker(1'000);
    EXPECT_EQ(why_unable(machine, work("gpt2", 1'000'000)), std::nullopt);
    machine.fitness->disk_free_bytes = std::uint64_t{1} << 30;
    EXPECT_THAT(why_unable(machine, work("gpt2", 1'000'000)).value_or(""), HasSubstr("MiB of disk, 1024 MiB are free"));
    EXPECT_EQ(why_unable(machine, work("nano", 1'000'000)), std::nullopt);
}

}  // namespace
}  // namespace emeth::test
