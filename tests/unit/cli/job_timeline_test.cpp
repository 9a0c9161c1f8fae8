#include "cli/job_timeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/state_statistics.hpp"
#include "support/job_events.hpp"

namespace emeth::cli {
namespace {

using namespace statemachine;
using storage::HistoryEntry;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// One event a second, whether it fits or not.
class Story {
public:
    Story() : job_(discover({test::terms(1)}, 0).next) { add(Discovered{test::terms(1)}, std::nullopt); }

    Story& tell(const EventBody& body) {
        TransitionResult outcome = transition(job_, {at_, body});
        if (auto* refused = std::get_if<Rejection>(&outcome)) {
            add(body, *refused);
        } else {
            const State before = job_.state;
            job_ = std::get<Transition>(std::move(outcome)).next;
            add(body, std::nullopt, before);
        }
        return *this;
    }
    Story& checkpoints(std::uint64_t first, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i)
            tell(CheckpointSaved{1, {0, first + i, test::numbered<Hash256>(i), 3.0 - 0.25 * static_cast<double>(i)}});
        return *this;
    }
    Story& to_training() {
        for (const EventBody& body : test::straight_path()) {
            tell(body);
            if (job_.state == State::training) break;
        }
        return *this;
    }
    [[nodiscard]] const std::vector<HistoryEntry>& history() const { return history_; }

private:
    void add(const EventBody& body, std::optional<Rejection> rejection, std::optional<State> before = std::nullopt) {
        history_.push_back({history_.size() + 1, {at_, body}, before.value_or(job_.state), job_.state, rejection});
        at_ += 1'000;
    }

    Job job_;
    std::int64_t at_ = 0;
    std::vector<HistoryEntry> history_;
};

std::vector<std::string> texts(const std::vector<HistoryLine>& lines) {
    std::vector<std::string> all;
    for (const HistoryLine& line : lines) all.push_back(line.text);
    return all;
}

TEST(Timeline, SaysWhenEachStateWasEnteredAndLeft) {
    const auto stays = timeline(Story().to_training().history());
    ASSERT_EQ(stays.size(), 4U);
    EXPECT_EQ(stays[0].state, State::discovered);
    EXPECT_EQ(stays[0].entered_unix_ms, 0);
    EXPECT_EQ(stays[0].left_unix_ms, stays[1].entered_unix_ms);
    EXPECT_EQ(stays[3].state, State::training);
    EXPECT_EQ(stays[3].left_unix_ms, std::nullopt);
    EXPECT_EQ(stays[3].duration_ms(stays[3].entered_unix_ms + 500), 500);
    EXPECT_EQ(stays[3].duration_ms(0), 0) << "a clock that was set back";
}

TEST(Timeline, AStateThatIsEnteredTwiceIsThereTwice) {
    Story story;
    story.to_training().tell(LeaseRevoked{1, "gone"});
    const auto stays = timeline(story.history());
    ASSERT_EQ(stays.size(), 5U);
    EXPECT_EQ(stays[4].state, State::accepted);
}

TEST(History, RunsOfCheckpointsAreOneLine) {
    Story story;
    story.to_training();
    const std::size_t before = story.history().size();
    story.checkpoints(12, 5);
    const auto lines = told(story.history(), true);
    ASSERT_EQ(lines.size(), before + 1);
    const HistoryLine& run = lines.back();
    EXPECT_EQ(run.text, "5 checkpoints at steps 12–16 of 600, loss 3.0000 → 2.0000");
    EXPECT_EQ(run.first, before + 1);
    EXPECT_EQ(run.last, before + 5);
    EXPECT_EQ(run.to_unix_ms - run.from_unix_ms, 4'000);
    EXPECT_EQ(told(story.history(), false).size(), before + 5);
}

TEST(History, WhatComesBetweenIsNotLost) {
    Story story;
    story.to_training().checkpoints(12, 4).tell(TrainingResumed{1, 15, "trainer started"}).checkpoints(16, 2);
    const auto lines = texts(told(story.history(), true));
    ASSERT_GE(lines.size(), 4U);
    EXPECT_THAT(std::vector(lines.end() - 4, lines.end()),
                ElementsAre(HasSubstr("4 checkpoints"), HasSubstr("continued at step 15"),
                            HasSubstr("checkpoint saved at step 16"), HasSubstr("checkpoint saved at step 17")))
        << "two are no run";
}

TEST(History, ARejectedCheckpointEndsTheRunAndIsTold) {
    Story story;
    story.to_training().checkpoints(12, 3).tell(CheckpointSaved{1, {0, 1, {}, 9}}).checkpoints(15, 3);
    const auto lines = texts(told(story.history(), true));
    EXPECT_THAT(std::vector(lines.end() - 3, lines.end()),
                ElementsAre(HasSubstr("3 checkpoints"), HasSubstr("[not applied: "), HasSubstr("3 checkpoints")));
}

TEST(History, ChangesOfStateAreTold) {
    const auto lines = texts(told(Story().to_training().history(), true));
    EXPECT_THAT(lines, ::testing::Contains(HasSubstr("downloading → training: dataset ready")));
}

TEST(Statistics, PercentilesAreOfEndedStaysAlone) {
    StateStatistics statistics;
    for (std::int64_t ms = 1; ms <= 100; ++ms)
        statistics.add({{State::discovered, 0, ms}, {State::accepted, ms, std::nullopt}});
    EXPECT_EQ(statistics.jobs(), 100U);
    EXPECT_EQ(statistics.jobs_in(State::accepted), 100U);
    EXPECT_EQ(statistics.jobs_in(State::discovered), 0U);
    EXPECT_EQ(statistics.stays_in(State::discovered), 100U);
    EXPECT_EQ(statistics.percentile_ms(State::discovered, 50), 50);
    EXPECT_EQ(statistics.percentile_ms(State::discovered, 95), 95);
    EXPECT_EQ(statistics.percentile_ms(State::accepted, 50), std::nullopt);
    statistics.add({{State::skipped, 0, 7}, {State::discovered, 7, std::nullopt}});
    EXPECT_EQ(statistics.percentile_ms(State::skipped, 95), 7) << "of one";
}

}  // namespace
}  // namespace emeth::cli
