#include "runtime/waiting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace emeth::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Milliseconds least = WaitingList::silence_max;

TEST(WaitingList, WhatLastsIsToldOnce) {
    WaitingList list;
    list.begin("the endpoint", Milliseconds(100));
    EXPECT_THAT(list.tell(Milliseconds(2'099), least), IsEmpty());
    EXPECT_THAT(list.tell(Milliseconds(2'100), least), ElementsAre("the endpoint"));
    EXPECT_THAT(list.tell(Milliseconds(9'000), least), IsEmpty());
}

TEST(WaitingList, WhatHasComeIsNotTold) {
    WaitingList list;
    const auto first = list.begin("the endpoint", Milliseconds(0));
    list.begin("the Storage API", Milliseconds(500));
    list.end(first);
    EXPECT_THAT(list.tell(Milliseconds(3'000), least), ElementsAre("the Storage API"));
}

TEST(WaitingList, TheyComeInTheOrderInWhichTheyBegan) {
    WaitingList list;
    list.begin("b", Milliseconds(0));
    list.begin("a", Milliseconds(1'999));
    EXPECT_THAT(list.tell(Milliseconds(2'000), Milliseconds(0)), ElementsAre("b", "a"));
}

TEST(WaitingList, TheNextLookIsWhenTheOldestIsDue) {
    WaitingList list;
    EXPECT_EQ(list.next(Milliseconds(5'000), least), Milliseconds(7'000));
    list.begin("the endpoint", Milliseconds(4'000));
    EXPECT_EQ(list.next(Milliseconds(5'000), least), Milliseconds(6'000));
    list.tell(Milliseconds(6'000), least);
    EXPECT_EQ(list.next(Milliseconds(6'000), least), Milliseconds(8'000)) << "what was told is no reason to look";
}

TEST(WaitingTeller, NamesWhatTheProgramWaitsFor) {
    std::promise<std::string> told;
    WaitingTeller teller([&told](const std::string& line) { told.set_value(line); }, Milliseconds(1));
    const Waiting endpoint("the endpoint http://127.0.0.1:8545 (eth_call)");
    EXPECT_EQ(told.get_future().get(), "waiting for the endpoint http://127.0.0.1:8545 (eth_call)");
}

TEST(WaitingTeller, EndsWithoutHavingToldAnything) {
    std::vector<std::string> lines;
    {
        const WaitingTeller teller([&lines](const std::string& line) { lines.push_back(line); });
        const Waiting endpoint("the endpoint");
        end_telling_of_waiting();
    }
    EXPECT_THAT(lines, IsEmpty());
}

}  // namespace
}  // namespace emeth::test
