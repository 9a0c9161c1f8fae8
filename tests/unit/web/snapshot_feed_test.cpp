#include "web/snapshot_feed.hpp"

#include <gtest/gtest.h>

#include "support/io_fixture.hpp"
#include "unit/runtime/stepped_clock.hpp"

namespace emeth::web {
namespace {

using boost::json::value;

class SnapshotFeedTest : public test::IoFixture {
protected:
    static Task<Result<value>> take(SnapshotFeedTest* test) {
        ++test->taken;
        if (test->fails) co_return transient_error("the disk is gone");
        co_return value(test->taken);
    }
    std::string latest() { return **run(feed.latest()); }

    int taken = 0;
    bool fails = false;
    test::SteppedClock clock;
    SnapshotFeed feed{executor(), [this] { return take(this); }, clock};
};

TEST_F(SnapshotFeedTest, TakesOneForAllWhoAskWithinASecond) {
    EXPECT_EQ(latest(), "1");
    clock.advance(SnapshotFeed::age_max - Milliseconds(1));
    EXPECT_EQ(latest(), "1");
    clock.advance(Milliseconds(1));
    EXPECT_EQ(latest(), "2");
}

TEST_F(SnapshotFeedTest, AFailureIsNotKept) {
    fails = true;
    EXPECT_TRUE(run(feed.latest()).has_error());
    fails = false;
    EXPECT_EQ(latest(), "2");
}

}  // namespace
}  // namespace emeth::web
