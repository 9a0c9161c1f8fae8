#include "node/dashboard/job_page.hpp"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>

#include "support/job_events.hpp"

namespace emeth::node {
namespace {

namespace sm = statemachine;
using boost::json::object;

/// A JOB and its history, as the store would have them.
struct Life {
    sm::Job job;
    std::vector<storage::HistoryEntry> history;

    explicit Life(const sm::Terms& terms) {
        const sm::Discovered discovered{terms};
        job = sm::discover(discovered, 1'000).next;
        history.push_back({1, {1'000, discovered}, sm::State::discovered, sm::State::discovered, std::nullopt});
    }
    void add(const sm::EventBody& body) {
        storage::HistoryEntry entry;
        entry.sequence = history.size() + 1;
        entry.event = {static_cast<std::int64_t>(entry.sequence) * 1'000, body};
        entry.from = job.state;
        const sm::TransitionResult result = sm::transition(job, entry.event);
        if (const auto* made = std::get_if<sm::Transition>(&result))
            job = made->next;
        else
            entry.rejection = std::get<sm::Rejection>(result);
        entry.to = job.state;
        history.push_back(std::move(entry));
    }
    [[nodiscard]] object page() const { return job_page(job, history, 99'000); }
};

Life whole_life() {
    Life life(test::terms(1));
    for (const auto& event : test::straight_path()) life.add(event);
    return life;
}

TEST(JobPage, TellsWhenEachStateWasEntered) {
    const object page = whole_life().page();
    std::string states;
    std::int64_t last_ms = 0;
    for (const auto& entry : page.at("timeline").as_array()) {
        states += std::string(entry.at("state").as_string()) + " ";
        EXPECT_GT(entry.at("atMs").as_int64(), last_ms);
        last_ms = entry.at("atMs").as_int64();
    }
    EXPECT_EQ(states, "discovered accepted downloading training submitted verified ");
    EXPECT_EQ(page.at("record").at("state"), "verified");
}

TEST(JobPage, HasTheLossesOfTheCheckpointsThatCounted) {
    Life life = whole_life();
    const std::size_t counted = life.page().at("losses").as_array().size();
    EXPECT_GT(counted, 0u);
    sm::CheckpointSaved late;
    late.checkpoint.step = 9'999;
    life.add(late);
    ASSERT_TRUE(life.history.back().rejection) << "the JOB has ended";
    const object page = life.page();
    EXPECT_EQ(page.at("losses").as_array().size(), counted);
    EXPECT_TRUE(page.at("history").as_array().back().as_object().contains("refused"));
}

TEST(JobPage, ListsTheTransactionsAndWhoseTheyAre) {
    const object page = whole_life().page();
    std::string kinds;
    for (const auto& transaction : page.at("transactions").as_array()) {
        const bool is_own = transaction.as_object().contains("nonce");
        EXPECT_EQ(is_own, transaction.at("kind") != "verdict");
        EXPECT_EQ(transaction.at("confirmed"), true);
        kinds += std::string(transaction.at("kind").as_string()) + " ";
    }
    EXPECT_EQ(kinds, "approve process submit verdict ");
}

TEST(JobPage, ATransactionInFlightIsNotConfirmed) {
    Life life(test::terms(1));
    life.add(test::straight_path().front());
    const object page = life.page();
    ASSERT_EQ(page.at("transactions").as_array().size(), 2u);
    for (const auto& transaction : page.at("transactions").as_array()) {
        EXPECT_EQ(transaction.at("confirmed"), false);
        EXPECT_FALSE(transaction.as_object().contains("block"));
    }
}

TEST(JobPage, ALongHistoryIsCutAtItsBeginning) {
    Life life(test::terms(1));
    sm::CheckpointSaved stale;
    for (std::size_t i = 0; i < page_history_max + 5; ++i) life.add(stale);
    const object page = life.page();
    EXPECT_EQ(page.at("historyTotal").to_number<std::size_t>(), page_history_max + 6);
    EXPECT_EQ(page.at("history").as_array().size(), page_history_max);
    EXPECT_EQ(page.at("history").as_array().back().at("number").to_number<std::size_t>(), page_history_max + 6);
}

}  // namespace
}  // namespace emeth::node
