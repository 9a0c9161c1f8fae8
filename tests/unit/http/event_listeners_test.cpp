#include "http/event_listeners.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace emeth::http {
namespace {

using ::testing::HasSubstr;

struct EventListenersTest : ::testing::Test {
    /// How many of `count` from there get a place.
    std::size_t come(const EventListeners::From& from, std::size_t count) {
        std::size_t in = 0;
        for (; in < count && !listeners.why_not(from); ++in) places.emplace_back(listeners, from);
        return in;
    }
    EventListeners listeners{16, 4};
    std::deque<EventListeners::Place> places;
};

TEST_F(EventListenersTest, OneAddressGetsItsShare) {
    EXPECT_EQ(come("203.0.113.1", 10), 4U);
    EXPECT_THAT(*listeners.why_not("203.0.113.1"), HasSubstr("4 listen already from 203.0.113.1"));
    EXPECT_EQ(come("203.0.113.2", 1), 1U);
    places.pop_front();
    EXPECT_EQ(come("203.0.113.1", 10), 1U) << "one had gone";
}

TEST_F(EventListenersTest, AShareIsLeftToThisMachineWhichHasNoLimitOfItsOwn) {
    for (const char* address : {"203.0.113.1", "203.0.113.2", "203.0.113.3"}) EXPECT_EQ(come(address, 10), 4U);
    EXPECT_EQ(come("203.0.113.4", 10), 2U);
    EXPECT_THAT(*listeners.why_not("203.0.113.5"), HasSubstr("14 listen already from other machines"));
    EXPECT_EQ(come(std::nullopt, 10), 2U);
    EXPECT_THAT(*listeners.why_not(std::nullopt), HasSubstr("16 listen already, as many as may at once"));
    places.clear();
    EXPECT_EQ(come(std::nullopt, 20), 16U);
}

}  // namespace
}  // namespace emeth::http
