// A real emeth-trainer tries out what this machine can train.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/trainer/trainer_process.hpp"
#include "support/temporary_folder.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::test {
namespace {

using namespace trainer_protocol;
using ::testing::HasSubstr;

class CalibrationTest : public ::testing::Test {
protected:
    TrainerReport ask(const CalibrateRequest& request) {
        return run_trainer(request, folder.path() / "trainer.log").value();
    }
    Calibration calibrate(const CalibrateRequest& request) {
        const TrainerReport answer = ask(request);
        return std::get<Calibrated>(answer).calibration;
    }

    TemporaryFolder folder;
};

TEST_F(CalibrationTest, TriesTheSmallPresetsAndExtrapolatesTheLargeOnes) {
    const Calibration found = calibrate({});
    ASSERT_EQ(found.training.size(), presets().size()) << "this machine has memory for gpt2";
    EXPECT_EQ(found.training.at("nano").source, SpeedSource::tried);
    EXPECT_EQ(found.training.at("gpt2").source, SpeedSource::extrapolated);
    EXPECT_LT(found.training.at("gpt2").tokens_per_s, found.training.at("d512").tokens_per_s);
    EXPECT_LT(found.training.at("d512").tokens_per_s, found.training.at("d256").tokens_per_s);
    EXPECT_THAT(found.machine, HasSubstr("1 threads, cpu, auto"));
    EXPECT_THAT(found.machine, HasSubstr("oneDNN"));
}

TEST_F(CalibrationTest, WhatIsKnownOfTheSameMachineIsNotTriedAgain) {
    Calibration known = calibrate({});
    known.training = {{"nano", {12'345, SpeedSource::seen}}};
    EXPECT_EQ(calibrate({{}, known}).training.at("nano").tokens_per_s, 12'345);
    known.machine += ", last year's BLAS";
    EXPECT_EQ(calibrate({{}, known}).training.at("nano").source, SpeedSource::tried);
    ComputeOptions more_threads;
    more_threads.threads = 2;
    EXPECT_NE(calibrate({more_threads}).machine, calibrate({}).machine);
}

TEST_F(CalibrationTest, ADeviceThatIsNotThereIsSaid) {
    CalibrateRequest request;
    request.compute.device = "cuda";
    const TrainerReport answer = ask(request);
    ASSERT_TRUE(std::holds_alternative<Failed>(answer));
    EXPECT_TRUE(std::get<Failed>(answer).permanent);
    EXPECT_THAT(std::get<Failed>(answer).message, HasSubstr("device 'cuda' is not available"));
}

}  // namespace
}  // namespace emeth::test
