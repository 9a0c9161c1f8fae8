// check_replay detects every way in which a history and a record can diverge.
#include "storage/replay.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/job_events.hpp"

namespace emeth::storage {
namespace {

using namespace statemachine;

struct Story {
    Job job;
    std::vector<HistoryEntry> entries;
};

void append(Story& story, const EventBody& body) {
    const Event event{static_cast<std::int64_t>(story.entries.size()), body};
    const TransitionResult outcome = transition(story.job, event);
    Job next = story.job;
    std::optional<Rejection> rejection;
    if (const auto* made = std::get_if<Transition>(&outcome)) {
        next = made->next;
    } else {
        rejection = std::get<Rejection>(outcome);
    }
    next.sequence = story.job.sequence + 1;
    story.entries.push_back({next.sequence, event, story.job.state, next.state, rejection});
    story.job = next;
}

Story begun() {
    Story story;
    story.job = discover({test::terms(1)}, 5).next;
    story.job.sequence = 1;
    story.entries.push_back({1, {5, Discovered{test::terms(1)}}, State::discovered, State::discovered, std::nullopt});
    return story;
}

Story straight_story() {
    Story story = begun();
    for (const EventBody& body : test::straight_path()) append(story, body);
    return story;
}

/// The error of a replay that must fail.
std::string complaint(const Story& story) {
    const auto replayed = check_replay(story.job, story.entries);
    EXPECT_FALSE(replayed);
    return replayed ? "" : replayed.error().message;
}

TEST(Replay, RandomLivesEqualTheirRecords) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        test::Rng rng(seed);
        Story story = begun();
        for (int i = 0; i < 80; ++i) append(story, test::random_event(rng, story.job));
        const auto replayed = check_replay(story.job, story.entries);
        ASSERT_TRUE(replayed) << "seed " << seed << ": " << replayed.error().message;
    }
}

TEST(Replay, HoldsForALossThatIsNotANumber) {
    Story story = straight_story();
    story.entries.resize(7);
    Story diverged = begun();
    for (std::size_t i = 1; i < story.entries.size(); ++i) {
        EventBody body = story.entries[i].event.body;
        if (auto* saved = std::get_if<CheckpointSaved>(&body)) saved->checkpoint.loss = std::nan("");
        append(diverged, body);
    }
    ASSERT_TRUE(diverged.job.training.checkpoint);
    EXPECT_TRUE(check_replay(diverged.job, diverged.entries));
}

TEST(Replay, NamesThePartThatDiffers) {
    Story story = straight_story();
    story.job.restarts = 1;
    story.job.upload.file_name = "other.tar";
    EXPECT_NE(complaint(story).find("differs from the record in: upload, restarts"), std::string::npos)
        << complaint(story);
}

TEST(Replay, MissesNoMissingEntry) {
    for (std::size_t gone = 0; gone < straight_story().entries.size(); ++gone) {
        Story story = straight_story();
        story.entries.erase(story.entries.begin() + static_cast<std::ptrdiff_t>(gone));
        EXPECT_FALSE(complaint(story).empty()) << "without entry " << gone + 1;
    }
    EXPECT_EQ(complaint({straight_story().job, {}}), "has a record but no history: the store is damaged");
}

TEST(Replay, NamesTheEntryWhereTheyPart) {
    Story story = straight_story();
    story.entries[3].rejection = Rejection{RejectionKind::stale_lease, "it said"};
    EXPECT_NE(complaint(story).find("history entry 4: it was rejected (it said), the replay accepts it"),
              std::string::npos);
    story = straight_story();
    story.entries[2].to = State::lost;
    EXPECT_NE(complaint(story).find("history entry 3: it led to state lost, in the replay to accepted"),
              std::string::npos);
    story = straight_story();
    story.entries[2].from = State::training;
    EXPECT_NE(complaint(story).find("history entry 3: it was applied in state training"), std::string::npos);
    story = straight_story();
    story.entries[2].event.body = SubmitSigned{};
    EXPECT_NE(complaint(story).find("history entry 3: the replay rejects it"), std::string::npos);
}

}  // namespace
}  // namespace emeth::storage
