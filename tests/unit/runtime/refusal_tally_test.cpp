// What is refused is told in bounded form.
#include "runtime/refusal_tally.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emeth {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Milliseconds minute = RefusalTally::line_interval;

TEST(RefusalTally, TheFirstIsToldAtOnceAndTheOthersOfAMinuteTogether) {
    RefusalTally tally;
    EXPECT_THAT(tally.due(Milliseconds(0)), IsEmpty());
    tally.note("no place", "10.0.0.1");
    EXPECT_THAT(tally.due(Milliseconds(1)), ElementsAre("no place: from 10.0.0.1"));
    for (int i = 0; i < 300; ++i) tally.note("no place", "10.0.0.7");
    tally.note("no place", "10.0.0.1");
    EXPECT_THAT(tally.due(minute), IsEmpty());
    EXPECT_THAT(tally.due(minute + Milliseconds(1)),
                ElementsAre("no place: 301 times, most often from 10.0.0.7 (300)"));
    EXPECT_THAT(tally.due(3 * minute), IsEmpty());
}

TEST(RefusalTally, EachCauseHasItsLineAndTheLastOnesReason) {
    RefusalTally tally;
    tally.note("a worker is refused", "10.0.0.1", "a wrong signature");
    tally.note("no place", "10.0.0.2");
    EXPECT_THAT(tally.due(Milliseconds(1)),
                ElementsAre("a worker is refused: from 10.0.0.1; a wrong signature", "no place: from 10.0.0.2"));
    tally.note("a worker is refused", "10.0.0.1", "a wrong signature");
    tally.note("a worker is refused", "10.0.0.1", "not listed");
    EXPECT_THAT(tally.due(2 * minute),
                ElementsAre("a worker is refused: 2 times, most often from 10.0.0.1 (2); the last: not listed"));
}

TEST(RefusalTally, RemembersABoundedNumberOfAddressesAndCauses) {
    RefusalTally tally;
    for (std::size_t i = 0; i < 2 * RefusalTally::addresses_max; ++i) tally.note("no place", std::to_string(i));
    for (int i = 0; i < 5; ++i) tally.note("no place", "7");
    EXPECT_THAT(tally.due(Milliseconds(1)), ElementsAre("no place: 517 times, most often from 7 (6)"));
    for (std::size_t i = 0; i < 2 * RefusalTally::causes_max; ++i) tally.note(std::to_string(i), "10.0.0.1");
    EXPECT_EQ(tally.due(Milliseconds(2)).size(), RefusalTally::causes_max - 1);
}

}  // namespace
}  // namespace emeth
