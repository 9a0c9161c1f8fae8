// What a segment may deviate by: the usual, more where a replay shows that rounding is amplified, never everything.
#include "trainer/verification/segment_deviation.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

namespace emeth::trainer {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Deviation all(double value) {
    return {value, value, value, value, value, value};
}

TEST(AllowedDeviation, IsTheUsualWhereRoundingStaysRounding) {
    for (const Exactness exactness : {Exactness::float32, Exactness::bf16})
        for (const double twin : {0.0, 1e-9, nan}) {
            const Deviation allowed = allowed_deviation(exactness, all(twin));
            EXPECT_EQ(allowed.weights, usual_deviation(exactness).weights);
            EXPECT_EQ(allowed.first_moments, usual_deviation(exactness).first_moments);
            EXPECT_EQ(allowed.loss, usual_deviation(exactness).loss);
        }
}

TEST(AllowedDeviation, GrowsWithTheTwinPartByPart) {
    Deviation twin;
    twin.next_step = 0.1;
    const Deviation allowed = allowed_deviation(Exactness::float32, twin);
    EXPECT_DOUBLE_EQ(allowed.next_step, 0.3);
    EXPECT_EQ(allowed.weights, usual_deviation(Exactness::float32).weights);
}

TEST(AllowedDeviation, NeverReachesWhatWasNotTrained) {
    for (const Exactness exactness : {Exactness::float32, Exactness::bf16}) {
        const Deviation allowed = allowed_deviation(exactness, all(1e6));
        Deviation untrained;
        untrained.weights = untrained.weighted_weights = 1;
        EXPECT_TRUE(object_to_deviation(3, untrained, allowed));
        Deviation made_up;
        made_up.loss = 0.06;
        EXPECT_TRUE(object_to_deviation(3, made_up, allowed));
        EXPECT_FALSE(object_to_deviation(3, all(0.04), allowed));
    }
}

TEST(DeviationIsObjectedTo, InEachPartAndWhenItIsNoNumber) {
    const Deviation allowed = all(0.5);
    EXPECT_FALSE(object_to_deviation(3, all(0.5), allowed));
    for (double Deviation::* part : {&Deviation::weights, &Deviation::weighted_weights, &Deviation::first_moments,
                                     &Deviation::second_moments, &Deviation::next_step, &Deviation::loss})
        for (const double value : {0.51, nan, std::numeric_limits<double>::infinity()}) {
            Deviation found;
            found.*part = value;
            EXPECT_TRUE(object_to_deviation(3, found, allowed)) << value;
            EXPECT_LE(worse_of(found, {}).*part, 1e6) << "can be written as JSON";
        }
}

TEST(Exactness, IsThatOfTheShorterTypeAndOfTheFarthestDevice) {
    const ComputeRecord own{.precision = Precision::float32, .libraries = "a"};
    ComputeHistory history;
    history.segments.resize(4);
    history.add(0, own);
    history.add(1, {.precision = Precision::bf16, .libraries = "a"});
    history.add(2, own);
    history.add(2, {.precision = Precision::float32, .threads = 9, .libraries = "b"});
    history.add(3, own);
    history.add(3, {.precision = Precision::float32, .device = "cuda", .libraries = "a"});
    EXPECT_EQ(exactness(history, 0, own), Exactness::float32);
    EXPECT_EQ(exactness(history, 1, own), Exactness::bf16);
    EXPECT_EQ(exactness(history, 2, own), Exactness::float32);
    EXPECT_EQ(exactness(history, 3, own), Exactness::bf16);
    EXPECT_TRUE(is_of_this_hardware(history, 0, own));
    EXPECT_TRUE(is_of_this_hardware(history, 1, own));
    EXPECT_FALSE(is_of_this_hardware(history, 2, own));
    EXPECT_FALSE(is_of_this_hardware(history, 3, own));
}

TEST(RoundedOtherwise, MovesEachWeightByARoundingErrorAndNothingElse) {
    TrainingState state;
    state.weights = at::linspace(-1, 1, 1'001);
    state.first_moments = at::ones({1'001});
    state.second_moments = at::ones({1'001});
    for (const auto& [exactness, most] : {std::pair{Exactness::float32, 0x1p-22}, {Exactness::bf16, 0x1p-9}}) {
        const TrainingState twin = rounded_otherwise(state, exactness);
        const at::Tensor moved = (twin.weights - state.weights).abs();
        EXPECT_TRUE(moved.le(state.weights.abs() * most).all().item<bool>());
        EXPECT_GT(moved.gt(0).sum().item<std::int64_t>(), exactness == Exactness::bf16 ? 900 : 200);
        EXPECT_TRUE(twin.first_moments.equal(state.first_moments));
        EXPECT_TRUE(twin.weights.equal(rounded_otherwise(state, exactness).weights)) << "the same each time";
    }
}

}  // namespace
}  // namespace emeth::trainer
