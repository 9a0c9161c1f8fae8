#include "network/requester/request_plan.hpp"

#include <gmock/gmock.h>

#include "chain/amount.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::network {
namespace {

using ::testing::HasSubstr;

RequestPlan plan(std::uint64_t number, std::string_view fee) {
    RequestPlan made;
    made.number = number;
    made.id.bytes[0] = static_cast<std::uint8_t>(number);
    made.trap = Trap::broken_param;
    made.dataset_bytes = 5'000;
    made.program_id = 7;
    made.param = "{\"language\":";
    made.fee = chain::parse_coins(fee).value();
    made.deadline_in_s = 60;
    made.planned_at_unix_ms = 1'700'000'000'000;
    return made;
}

TEST(RequestPlan, ReadsBack) {
    RequestPlan made = plan(3, "20.5");
    made.state = PlanState::dropped;
    made.outcome = "refused";
    const auto read = read_request_plan(to_text(made));
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(*read, made);
}

TEST(RequestPlan, WhatIsNoPlanIsRefused) {
    for (const auto& [from, to] : {std::pair("\"planned\"", "\"lost\""), std::pair("\"broken_param\"", "\"joke\""),
                                   std::pair("\"number\":3", "\"number\":0"), std::pair("\"fee\":", "\"cost\":")}) {
        std::string text = to_text(plan(3, "20"));
        text.replace(text.find(from), std::string_view(from).size(), to);
        EXPECT_TRUE(read_request_plan(text).has_error()) << text;
    }
}

TEST(PlanBook, IsReadAgainAndCountsWhatIsSpent) {
    const test::TemporaryFolder folder;
    {
        PlanBook book = PlanBook::open(folder / "plans").value();
        ASSERT_TRUE(book.put(plan(1, "20")).has_value());
        ASSERT_TRUE(book.put(plan(2, "30")).has_value());
        RequestPlan dropped = plan(3, "40");
        dropped.state = PlanState::dropped;
        ASSERT_TRUE(book.put(dropped).has_value());
        RequestPlan requested = plan(1, "20");
        requested.state = PlanState::requested;
        ASSERT_TRUE(book.put(requested).has_value());
    }
    const PlanBook book = PlanBook::open(folder / "plans").value();
    ASSERT_EQ(book.plans().size(), 3U);
    EXPECT_EQ(book.plans().at(1).state, PlanState::requested);
    EXPECT_EQ(book.spent(), chain::parse_coins("50").value());
    test::write_text(folder / "plans" / "plan-4.json", "{}");
    EXPECT_THAT(PlanBook::open(folder / "plans").error().message, HasSubstr("plan-4.json"));
}

}  // namespace
}  // namespace emeth::network
