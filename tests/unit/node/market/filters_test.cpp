// Filters: what an operator does not want, and the hours of the day.
#include "node/market/filters.hpp"

#include <gtest/gtest.h>

#include "support/fake_chain.hpp"

namespace emeth::test {
namespace {

using node::Filters;
using node::HoursOfDay;
using node::parse_hours;

HoursOfDay hours(std::initializer_list<std::size_t> which) {
    HoursOfDay set;
    for (const auto hour : which) set.set(hour);
    return set;
}

TEST(Filters, HoursAreSpansThatMayPassMidnight) {
    EXPECT_EQ(parse_hours({"12"}), hours({12}));
    EXPECT_EQ(parse_hours({"8-11", "0"}), hours({0, 8, 9, 10}));
    EXPECT_EQ(parse_hours({"22-2", "12"}), hours({22, 23, 0, 1, 12}));
    EXPECT_EQ(parse_hours({"0-24"}), HoursOfDay().set());
    EXPECT_EQ(parse_hours({"23-24"}), hours({23}));
}

TEST(Filters, WhatIsNoSpanOfHoursIsRefused) {
    for (const char* text : {"", "24", "x", "1-", "-1", "1-1", "3-25", "1-2-3", "1.5", "+1"})
        EXPECT_EQ(parse_hours({text}), std::nullopt) << text;
    EXPECT_EQ(parse_hours({}), std::nullopt) << "a node that never makes a deposit is a mistake";
}

constexpr std::int64_t midnight_s = 1'700'006'400;  // 2023-11-15 00:00 UTC

TEST(Filters, DepositsAreMadeInTheHoursOnly) {
    Filters filters;
    filters.hours = hours({22, 23, 0, 1});
    EXPECT_FALSE(node::refuse_hour(filters, midnight_s));
    EXPECT_FALSE(node::refuse_hour(filters, midnight_s + 2 * 3'600 - 1));
    const auto refused = node::refuse_hour(filters, midnight_s + 2 * 3'600);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason, "no deposit is made from 02:00 to 02:59 UTC (hours)");
    EXPECT_FALSE(refused->lasting) << "it is looked at again";
    EXPECT_FALSE(node::refuse_hour(filters, -1)) << "any time";
}

TEST(Filters, LanguagesAndModelsAreTakenWhereTheyAreListed) {
    Filters filters;
    const trainer_protocol::JobSpec spec{repeated<JobId>(1), "ja", 2, "d256"};
    EXPECT_FALSE(node::refuse_spec(filters, spec)) << "by default every one";
    filters.languages = {"en"};
    EXPECT_EQ(node::refuse_spec(filters, spec)->reason, "its language ja is not one of en (languages)");
    filters.languages = {"en", "ja"};
    EXPECT_FALSE(node::refuse_spec(filters, spec));
    filters.models = {"gpt2", "nano"};
    EXPECT_EQ(node::refuse_spec(filters, spec)->reason, "its model d256 is not one of gpt2,nano (models)");
    EXPECT_TRUE(node::refuse_spec(filters, spec)->lasting);
}

TEST(Filters, ARequesterIsAvoidedByAddress) {
    Filters filters;
    filters.requesters_avoided = {repeated<Address>(0x66)};
    EXPECT_FALSE(node::refuse_requester(filters, repeated<Address>(0x22)));
    EXPECT_EQ(node::refuse_requester(filters, repeated<Address>(0x66))->reason,
              "its requester 0x6666666666666666666666666666666666666666 is avoided (requesters_avoided)");
}

TEST(Filters, SizesHaveTwoEnds) {
    Filters filters;
    filters.dataset_bytes_min = 1'000'000;
    filters.dataset_bytes_max = 2'000'000;
    EXPECT_FALSE(node::refuse_size(filters, 1'000'000));
    EXPECT_FALSE(node::refuse_size(filters, 2'000'000));
    EXPECT_EQ(node::refuse_size(filters, 999'999)->reason,
              "dataset of 999999 bytes is smaller than 1000000 (dataset_bytes_min)");
    EXPECT_TRUE(node::refuse_size(filters, 999'999)->lasting);
    EXPECT_FALSE(node::refuse_size(filters, 4'095)->lasting) << "it may still be on its way to the Storage API";
}

}  // namespace
}  // namespace emeth::test
