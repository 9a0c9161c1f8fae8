#include "cli/job_filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/job_events.hpp"

namespace emeth::cli {
namespace {

using namespace statemachine;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t now = 1'764'410'400'000;  // 2025-11-29 10:00 UTC

/// A filter by one of its members alone.
template <class Member>
JobFilter only(Member JobFilter::* member, Member value) {
    JobFilter filter;
    filter.*member = std::move(value);
    return filter;
}
JobFilter only(std::optional<Address> JobFilter::* member, const Address& value) {
    return only(member, std::optional(value));
}
JobFilter only(std::optional<std::int64_t> JobFilter::* member, std::int64_t value) {
    return only(member, std::optional(value));
}

TEST(JobFilter, ShowsStatesWorkersAndTimes) {
    Job job = test::job_in(State::training);
    job.entered_at_unix_ms = 5'000;
    EXPECT_TRUE(JobFilter{}.shows(job));
    EXPECT_TRUE(only(&JobFilter::states, std::vector{State::failed, State::training}).shows(job));
    EXPECT_FALSE(only(&JobFilter::states, std::vector{State::failed}).shows(job));
    EXPECT_TRUE(only(&JobFilter::worker, job.lease.worker).shows(job));
    EXPECT_FALSE(only(&JobFilter::worker, test::numbered<Address>(99)).shows(job));
    EXPECT_TRUE(only(&JobFilter::since_unix_ms, 5'000).shows(job));
    EXPECT_FALSE(only(&JobFilter::since_unix_ms, 5'001).shows(job));
    EXPECT_FALSE(only(&JobFilter::until_unix_ms, 5'000).shows(job));
    EXPECT_FALSE(only(&JobFilter::worker, Address{}).shows(test::job_in(State::discovered))) << "it was never leased";
}

TEST(JobFilter, StatesAreNamedAsTheyAreWritten) {
    for (const State state : all_states) EXPECT_EQ(parse_state(name(state)).value(), state);
    EXPECT_THAT(parse_state("running").error().message, HasSubstr("'running' is no state; there are discovered, "));
}

TEST(JobFilter, TimesAreDatesInUtcOrAges) {
    EXPECT_EQ(parse_moment("2025-11-29 10:00", now).value(), now);
    EXPECT_EQ(parse_moment("2025-11-29T10:00", now).value(), now);
    EXPECT_EQ(parse_moment("2025-11-29", now).value(), now - 10 * 3'600'000);
    EXPECT_EQ(parse_moment("90m", now).value(), now - 90 * 60'000);
    EXPECT_EQ(parse_moment("6h", now).value(), now - 6 * 3'600'000);
    EXPECT_EQ(parse_moment("2d", now).value(), now - 48 * 3'600'000);
    for (const char* wrong : {"", "m", "yesterday", "2025-02-30", "2025-11-29 24:00", "2025-11-29x10:00", "-2d", "2w",
                              "20251129", "2025/11/29", "99999999999d"})
        EXPECT_THAT(parse_moment(wrong, now).has_error(), true) << wrong;
}

std::vector<std::uint64_t> sorted(JobOrder order, std::size_t limit = 0) {
    std::vector<JobPlace> places;
    const auto add = [&](std::uint64_t number, std::int64_t deadline, std::uint64_t fee, std::int64_t entered) {
        Job job;
        job.terms.id = test::numbered<JobId>(number);
        job.terms.deadline_unix_s = deadline;
        job.terms.fee = test::tokens(fee);
        job.entered_at_unix_ms = entered;
        places.emplace_back(job, order);
    };
    add(1, 300, 20, 10);
    add(2, 100, 10, 30);
    add(3, 200, 30, 20);
    add(4, 100, 30, 20);
    sort_places(places, order, limit);
    std::vector<std::uint64_t> numbers;
    for (const JobPlace& place : places) numbers.push_back(place.id.bytes.back());
    return numbers;
}

TEST(JobFilter, SortsByDeadlineFeeOrLatestChange) {
    EXPECT_THAT(sorted(parse_order("id").value()), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(sorted(parse_order("deadline").value()), ElementsAre(2, 4, 3, 1));
    EXPECT_THAT(sorted(parse_order("fee").value()), ElementsAre(3, 4, 1, 2));
    EXPECT_THAT(sorted(parse_order("updated").value()), ElementsAre(2, 3, 4, 1));
    EXPECT_THAT(sorted(JobOrder::deadline, 2), ElementsAre(2, 4));
    EXPECT_TRUE(parse_order("size").has_error());
}

}  // namespace
}  // namespace emeth::cli
