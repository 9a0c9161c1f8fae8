#include "worker/speed_meter.hpp"

#include <gtest/gtest.h>

namespace emeth::worker {
namespace {

trainer_protocol::Progress training(std::uint64_t step, std::uint32_t workers = 1) {
    return {.stage = "training", .step = step, .steps_total = 1'000, .workers = workers};
}

constexpr Milliseconds second{1'000};

TEST(SpeedMeter, MeasuresFromTheFirstReportToTheLast) {
    SpeedMeter meter;
    for (int time = 0; time <= 60; ++time) meter.saw(training(100 + 2 * time), time * second);
    EXPECT_EQ(meter.steps_per_s(), 2);
}

TEST(SpeedMeter, SaysNothingAfterAShortTimeOrWithoutAStep) {
    SpeedMeter meter;
    EXPECT_EQ(meter.steps_per_s(), std::nullopt);
    meter.saw(training(1), Milliseconds(0));
    meter.saw(training(90), SpeedMeter::shortest - Milliseconds(1));
    EXPECT_EQ(meter.steps_per_s(), std::nullopt);
    SpeedMeter hung;
    hung.saw(training(1), Milliseconds(0));
    hung.saw(training(1), 100 * second);
    EXPECT_EQ(hung.steps_per_s(), std::nullopt);
}

TEST(SpeedMeter, OtherStagesAreNoTraining) {
    SpeedMeter meter;
    meter.saw({.stage = "tokens", .step = 908, .steps_total = 1'000}, Milliseconds(0));
    meter.saw(training(10), 100 * second);
    meter.saw(training(110), 200 * second);
    meter.saw({.stage = "validation", .step = 1'000, .steps_total = 1'000}, 900 * second);
    EXPECT_EQ(meter.steps_per_s(), 1);
}

TEST(SpeedMeter, HelpersAndRestartsBeginAnew) {
    SpeedMeter meter;
    meter.saw(training(0), Milliseconds(0));
    meter.saw(training(1'000, 2), 100 * second);
    EXPECT_EQ(meter.steps_per_s(), std::nullopt) << "not this machine's own work";
    meter.saw(training(500), 110 * second);
    meter.saw(training(540), 150 * second);
    EXPECT_EQ(meter.steps_per_s(), 1) << "it fell back to its checkpoint";
}

}  // namespace
}  // namespace emeth::worker
