#include <gtest/gtest.h>

#include "node/workers/sick_list.hpp"
#include "support/job_events.hpp"

namespace emeth::node {
namespace {

const Address worker = test::numbered<Address>(1);
const Address other = test::numbered<Address>(2);
constexpr Milliseconds start{1'000};

TEST(SickList, TheRestGrowsWithEveryFailedLeaseUntilOneIsFulfilled) {
    SickList list;
    EXPECT_EQ(list.rest_left(worker, start), Milliseconds::zero());
    EXPECT_EQ(list.lease_failed(worker, true, start), SickList::first_rest);
    EXPECT_EQ(list.rest_left(worker, start), SickList::first_rest);
    EXPECT_EQ(list.rest_left(other, start), Milliseconds::zero());
    const auto later = start + SickList::first_rest;
    EXPECT_EQ(list.rest_left(worker, later), Milliseconds::zero());
    EXPECT_EQ(list.lease_failed(worker, true, later), 2 * SickList::first_rest);
    for (int lease = 0; lease < 20; ++lease) EXPECT_LE(list.lease_failed(worker, true, later), SickList::longest_rest);
    EXPECT_EQ(list.rest_left(worker, later), SickList::longest_rest);
    list.lease_fulfilled(worker);
    EXPECT_EQ(list.rest_left(worker, later), Milliseconds::zero());
    EXPECT_EQ(list.lease_failed(worker, true, later), SickList::first_rest);
}

TEST(SickList, AFailureThatMayBeTheJobsFaultMeansAShortRestAndIsNotCounted) {
    SickList list;
    EXPECT_EQ(list.lease_failed(worker, false, start), SickList::short_rest);
    EXPECT_EQ(list.lease_failed(worker, true, start), SickList::first_rest);
    list.lease_failed(worker, false, start);
    EXPECT_EQ(list.rest_left(worker, start), SickList::first_rest) << "a short rest shortens no long one";
}

}  // namespace
}  // namespace emeth::node
