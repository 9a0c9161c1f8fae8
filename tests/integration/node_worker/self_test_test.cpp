// A worker proves itself before it gets a JOB.
#include <gmock/gmock.h>

#include "runtime/durable_file.hpp"
#include "worker_fixture.hpp"

namespace emeth::test {
namespace {

using ::testing::HasSubstr;

class SelfTestTest : public WorkerFixture {
protected:
    [[nodiscard]] std::optional<worker_protocol::Fitness> fitness() const {
        const auto workers = hub->workers();
        return workers.empty() ? std::nullopt : workers.front().fitness;
    }
    [[nodiscard]] std::string file() const {
        const auto text = read_file(data.path() / "calibration.json", 64 << 10);
        return text.has_error() ? "" : *text;
    }
};

TEST_F(SelfTestTest, AFitWorkerTellsWhatItCanTrainAndKeepsIt) {
    start_worker();
    ASSERT_TRUE(eventually([&] { return hub->idle_workers() == 1; }));
    EXPECT_EQ(fitness()->tokens_per_s.at("nano"), 20'000);
    EXPECT_EQ(fitness()->tokens_per_s.size(), trainer_protocol::presets().size());
    EXPECT_GT(fitness()->disk_free_bytes, 0U);
    EXPECT_EQ(fitness()->states_free_bytes, settings.states_bytes_max);
    EXPECT_TRUE(eventually([&] { return !file().empty(); }));
    EXPECT_THAT(file(), HasSubstr("a fake machine"));
}

TEST_F(SelfTestTest, AWorkerWithoutATrainerGetsNoJobUntilItHasOne) {
    start_worker();
    settings.trainer = "/nonexistent/emeth-trainer";
    ASSERT_TRUE(eventually([&] { return fitness().has_value(); }));
    EXPECT_THAT(fitness()->unfit, HasSubstr("/nonexistent/emeth-trainer"));
    EXPECT_EQ(hub->idle_workers(), 0U);
    stop_worker();
    start_worker();
    EXPECT_TRUE(eventually([&] { return hub->idle_workers() == 1; }));
}

TEST_F(SelfTestTest, AWorkerWithoutItsDeviceGetsNoJob) {
    settings.compute.device = "cuda";
    start_worker();
    ASSERT_TRUE(eventually([&] { return fitness().has_value(); }));
    EXPECT_THAT(fitness()->unfit, HasSubstr("device 'cuda' is not available"));
    EXPECT_EQ(hub->idle_workers(), 0U);
}

TEST_F(SelfTestTest, ACalibrationThatCannotBeReadIsMadeAgain) {
    write_text(data.path() / "calibration.json", R"({"machine": "a fake machine", "training": [{"model": 7}]})");
    start_worker();
    EXPECT_TRUE(eventually([&] { return hub->idle_workers() == 1; }));
    EXPECT_TRUE(eventually([&] { return file().find("tried") != std::string::npos; }));
}

TEST_F(SelfTestTest, WhatTheMachineDrewIsToldAfterARestart) {
    write_text(data.path() / "calibration.json", R"({"machine": "a fake machine", "training": [], "watts": 140})");
    start_worker();
    ASSERT_TRUE(eventually([&] { return hub->idle_workers() == 1; }));
    EXPECT_EQ(fitness()->watts, 140U);
}

TEST_F(SelfTestTest, TheMasterIsToldAgainAfterAReconnect) {
    start_worker();
    ASSERT_TRUE(eventually([&] { return hub->idle_workers() == 1; }));
    stop();
    start();
    hub->set_recovered({});
    EXPECT_TRUE(eventually([&] { return hub->idle_workers() == 1; }));
}

}  // namespace
}  // namespace emeth::test
