#include "runtime/reminder.hpp"

#include <gtest/gtest.h>

#include "stepped_clock.hpp"

namespace emeth {
namespace {

using namespace std::chrono_literals;

TEST(ReminderTest, SaysItOnceAndAgainEveryHour) {
    test::SteppedClock clock;
    Reminder reminder(clock);
    EXPECT_TRUE(reminder.is_due("no worker"));
    EXPECT_FALSE(reminder.is_due("no worker"));
    clock.advance(1h - 1ms);
    EXPECT_FALSE(reminder.is_due("no worker"));
    clock.advance(1ms);
    EXPECT_TRUE(reminder.is_due("no worker"));
    EXPECT_FALSE(reminder.is_due("no worker"));
}

TEST(ReminderTest, AnotherTroubleIsNews) {
    test::SteppedClock clock;
    Reminder reminder(clock);
    EXPECT_TRUE(reminder.is_due("no worker"));
    EXPECT_TRUE(reminder.is_due("no EMT"));
    EXPECT_FALSE(reminder.is_due("no EMT"));
    EXPECT_TRUE(reminder.is_due("no worker"));
}

TEST(ReminderTest, TheEndIsSaidOnceIfAnythingWas) {
    test::SteppedClock clock;
    Reminder reminder(clock);
    EXPECT_FALSE(reminder.ended());
    EXPECT_TRUE(reminder.is_due("no worker"));
    EXPECT_TRUE(reminder.ended());
    EXPECT_FALSE(reminder.ended());
    EXPECT_TRUE(reminder.is_due("no worker")) << "it came back";
}

TEST(ReminderTest, WhatPassesSoonIsNotMentioned) {
    test::SteppedClock clock;
    Reminder reminder(clock, 1min);
    EXPECT_FALSE(reminder.is_due("no worker"));
    clock.advance(59s);
    EXPECT_FALSE(reminder.is_due("no worker"));
    EXPECT_FALSE(reminder.ended()) << "nobody was told";
    EXPECT_FALSE(reminder.is_due("no worker"));
    clock.advance(1min);
    EXPECT_TRUE(reminder.is_due("no worker"));
    EXPECT_TRUE(reminder.ended());
}

}  // namespace
}  // namespace emeth
