#include "trainer_protocol/calibration.hpp"

#include <gmock/gmock.h>

#include "trainer_protocol/messages.hpp"

namespace emeth::trainer_protocol {
namespace {

using ::testing::HasSubstr;

Calibration example() {
    return {"two threads of a processor",
            {{"d256", {3'000.5, SpeedSource::seen}},
             {"gpt2", {80, SpeedSource::extrapolated}},
             {"nano", {21'000, SpeedSource::tried}}},
            140};
}

Result<Calibration> read(const boost::json::value& json) {
    JsonObject object(json, "calibration");
    Calibration calibration = read_calibration(object);
    if (const auto check = object.check(); check.has_error()) return check.error();
    return calibration;
}

TEST(CalibrationJson, GoesThroughUnchanged) {
    const auto again = read(to_json(example()));
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(again->machine, "two threads of a processor");
    ASSERT_EQ(again->training.size(), 3U);
    EXPECT_EQ(again->training.at("d256").tokens_per_s, 3'000.5);
    EXPECT_EQ(again->training.at("d256").source, SpeedSource::seen);
    EXPECT_EQ(again->training.at("gpt2").source, SpeedSource::extrapolated);
    EXPECT_EQ(again->training.at("nano").source, SpeedSource::tried);
    EXPECT_EQ(again->watts, 140U);
}

/// As one of an older worker.
TEST(CalibrationJson, MayLackThePower) {
    Calibration unmeasured = example();
    unmeasured.watts.reset();
    const auto again = read(to_json(unmeasured));
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(again->watts, std::nullopt);
}

TEST(CalibrationJson, IsCheckedFieldByField) {
    const auto error_of = [](std::string_view field, boost::json::value value) {
        boost::json::object json = to_json(example());
        json.at("training").as_array().front().as_object()[field] = std::move(value);
        const auto result = read(json);
        return result.has_error() ? result.error().message : "accepted";
    };
    EXPECT_THAT(error_of("tokensPerS", 0), HasSubstr("training[0].tokensPerS"));
    EXPECT_THAT(error_of("tokensPerS", -1), HasSubstr("training[0].tokensPerS"));
    EXPECT_THAT(error_of("source", "dreamt"), HasSubstr("extrapolated, tried or seen"));
    EXPECT_THAT(error_of("model", "../nano"), HasSubstr("training[0].model"));
    boost::json::object json = to_json(example());
    json["watts"] = 100'001;
    EXPECT_THAT(read(json).error().message, HasSubstr("watts"));
}

TEST(CalibrationJson, TravelsInTheTrainersMessages) {
    const Request request = CalibrateRequest{{.device = "cuda:1", .threads = 3}, example()};
    const auto asked = parse_request(to_json(request));
    ASSERT_TRUE(asked.has_value()) << asked.error().message;
    EXPECT_EQ(std::get<CalibrateRequest>(*asked).compute.device, "cuda:1");
    EXPECT_EQ(std::get<CalibrateRequest>(*asked).known->machine, example().machine);
    EXPECT_FALSE(std::get<CalibrateRequest>(*parse_request(to_json(Request(CalibrateRequest{})))).known);
    const auto answered = parse_report(to_json(TrainerReport(Calibrated{example()})));
    ASSERT_TRUE(answered.has_value()) << answered.error().message;
    EXPECT_EQ(std::get<Calibrated>(*answered).calibration.training.size(), 3U);
}

TEST(Calibration, AFasterTrialCounts) {
    Calibration again = example();
    again.watts.reset();
    again.training["nano"].tokens_per_s = 30'000;
    again.training["gpt2"] = {10, SpeedSource::tried};
    again.training["d512"] = {400, SpeedSource::extrapolated};
    const Calibration better = improved(example(), again);
    EXPECT_EQ(better.training.at("nano").tokens_per_s, 30'000);
    EXPECT_EQ(better.training.at("gpt2").tokens_per_s, 80) << "the slower trial was disturbed";
    EXPECT_EQ(better.training.at("d512").tokens_per_s, 400);
    EXPECT_EQ(better.watts, 140U) << "a trainer does not measure it";
}

TEST(Calibration, AFasterTrialMovesWhatWasSeenHalfWay) {
    Calibration again = example();
    again.training["d256"] = {5'000.5, SpeedSource::tried};
    const Calibration better = improved(example(), again);
    EXPECT_EQ(better.training.at("d256").tokens_per_s, 4'000.5);
    EXPECT_EQ(better.training.at("d256").source, SpeedSource::seen);
}

}  // namespace
}  // namespace emeth::trainer_protocol
