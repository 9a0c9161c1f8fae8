#include "http/body_pace.hpp"

#include <gtest/gtest.h>

namespace emeth::http {
namespace {

const PaceOptions options{1'000, Milliseconds(30'000), std::nullopt};

TEST(BodyPace, ATrickleHasItsGraceAndNoMore) {
    BodyPace pace(options, Milliseconds(5'000));
    EXPECT_EQ(pace.deadline(), Milliseconds(35'000));
    EXPECT_EQ(pace.gives_way_from(), Milliseconds(15'000));
    pace.pause(Milliseconds(20'000), 1);
    pace.resume(Milliseconds(20'000));
    EXPECT_EQ(pace.deadline(), Milliseconds(35'001));
}

TEST(BodyPace, WhoKeepsTheRateIsGivenAllTheTimeItTakes) {
    BodyPace pace(options, Milliseconds(0));
    for (int second = 1; second <= 100'000; ++second) {
        ASSERT_GT(pace.deadline(), Milliseconds(second * 1'000));
        ASSERT_GT(pace.gives_way_from(), Milliseconds(second * 1'000));
        pace.pause(Milliseconds(second * 1'000), 1'000);
        pace.resume(Milliseconds(second * 1'000));
    }
}

TEST(BodyPace, APieceThatIsUnderWayCountsForTheDeadline) {
    const BodyPace pace(options, Milliseconds(0));
    EXPECT_EQ(pace.deadline(4'000), Milliseconds(34'000));
}

TEST(BodyPace, OurOwnTimeIsNotThePeers) {
    BodyPace pace(options, Milliseconds(0));
    pace.pause(Milliseconds(1'000), 0);
    pace.resume(Milliseconds(61'000));  // the disk was slow
    EXPECT_EQ(pace.deadline(), Milliseconds(90'000));
}

TEST(BodyPace, MayHaveAnEndWhateverTheRate) {
    PaceOptions bounded = options;
    bounded.time_max = Milliseconds(60'000);
    BodyPace pace(bounded, Milliseconds(0));
    pace.pause(Milliseconds(1), 1'000'000'000);
    EXPECT_EQ(pace.deadline(), Milliseconds(60'000));
}

TEST(BodyPace, CountsWhatIsLargerThanAnyFile) {
    BodyPace pace(options, Milliseconds(0));
    pace.pause(Milliseconds(1), std::uint64_t{1} << 50);
    EXPECT_GT(pace.deadline(), Milliseconds(0));
}

}  // namespace
}  // namespace emeth::http
