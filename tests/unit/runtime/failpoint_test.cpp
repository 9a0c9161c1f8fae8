// The list of failpoints; that they kill is shown by the crash matrix.
#include "runtime/failpoint.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "statemachine/event.hpp"

namespace emeth {
namespace {

TEST(Failpoints, AreListedOnceAndBelongToAProcess) {
    std::set<std::string_view> effects;
    for (const auto& place : failpoint::places()) {
        EXPECT_TRUE(effects.insert(place.effect).second) << place.effect;
        EXPECT_TRUE((std::set<std::string_view>{"master", "worker", "trainer"}.contains(place.process)))
            << place.effect;
        EXPECT_TRUE((
            std::set<std::string_view>{"normal", "restart", "decline", "replacement", "withdraw"}.contains(place.path)))
            << place.effect;
    }
}

TEST(Failpoints, CommitsAreNamedAsTheirEvents) {
    std::set<std::string> events{"commit replacement", "commit rewards"};
    for (std::size_t index = 0; index < statemachine::event_kinds; ++index)
        events.insert("commit " + std::string(statemachine::event_name(index)));
    for (const auto& place : failpoint::places())
        if (place.effect.starts_with("commit ")) {
            EXPECT_TRUE(events.contains(std::string(place.effect))) << place.effect;
        }
}

TEST(Failpoints, AreOffWithoutTheVariable) {
    for (const auto& place : failpoint::places()) failpoint::before(place.effect, "");
    SUCCEED() << "this process lives";
}

}  // namespace
}  // namespace emeth
