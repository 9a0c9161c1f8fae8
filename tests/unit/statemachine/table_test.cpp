// The table, the code and the diagrams must agree.
#include <algorithm>
#include <set>

#include "unit/statemachine/check.hpp"

namespace emeth::statemachine {
namespace {

const TableRow* row_of(State state, std::size_t event) {
    const auto& rows = table();
    const auto row = std::ranges::find_if(rows, [&](const TableRow& r) { return r.from == state && r.event == event; });
    return row == rows.end() ? nullptr : &*row;
}

/// Runs `check(state, event, outcome)` for every pair.
template <class Check>
void for_every_pair(Check check) {
    const auto events = test::event_of_every_kind();
    for (const State state : all_states) {
        const Job job = test::job_in(state);
        for (std::size_t event = 0; event < event_kinds; ++event) {
            check(state, event, transition(job, {9'000, events[event]}));
        }
    }
}

TEST(Table, ExamplesCoverEveryEventInOrder) {
    const auto events = test::event_of_every_kind();
    ASSERT_EQ(events.size(), event_kinds);
    for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].index(), i);
}

TEST(Table, EveryPairIsHandledOrRejectedAsTheTableSays) {
    std::size_t pairs = 0;
    for_every_pair([&](State state, std::size_t event, const TransitionResult& outcome) {
        ++pairs;
        const TableRow* row = row_of(state, event);
        SCOPED_TRACE(std::string(event_name(event)) + " in " + std::string(name(state)));
        if (const auto* made = std::get_if<Transition>(&outcome)) {
            ASSERT_NE(row, nullptr);
            EXPECT_TRUE(std::ranges::count(row->to, made->next.state)) << "leads to " << name(made->next.state);
        } else if (row == nullptr) {
            EXPECT_EQ(std::get<Rejection>(outcome).kind, RejectionKind::not_in_this_state);
        } else {
            EXPECT_NE(std::get<Rejection>(outcome).kind, RejectionKind::not_in_this_state);
        }
    });
    EXPECT_EQ(pairs, 12U * 33U);
}

TEST(Table, EveryRejectionNamesEventAndState) {
    for_every_pair([&](State state, std::size_t event, const TransitionResult& outcome) {
        const auto* refused = std::get_if<Rejection>(&outcome);
        if (refused == nullptr) return;
        EXPECT_NE(refused->reason.find(event_name(event)), std::string::npos) << refused->reason;
        EXPECT_NE(refused->reason.find(name(state)), std::string::npos) << refused->reason;
    });
}

TEST(Table, HasOneRowForEachPairAndNoRowWithoutTarget) {
    std::set<std::pair<State, std::size_t>> seen;
    for (const TableRow& row : table()) {
        EXPECT_TRUE(seen.emplace(row.from, row.event).second);
        EXPECT_FALSE(row.to.empty());
        EXPECT_LT(row.event, event_kinds);
    }
}

TEST(Table, EndsAreLeftOnlyByReorgedOut) {
    for (const TableRow& row : table()) {
        if (is_end(row.from)) {
            EXPECT_EQ(row.event, event_index<ReorgedOut>) << name(row.from);
        }
    }
}

TEST(Table, EndsWithoutDepositAreReachedFromDiscoveredAlone) {
    for (const TableRow& row : table()) {
        for (const State end : {State::skipped, State::lost, State::canceled}) {
            if (std::ranges::count(row.to, end)) {
                EXPECT_EQ(row.from, State::discovered) << event_name(row.event);
            }
        }
    }
}

TEST(Table, EveryStateIsReachable) {
    std::set<State> reached{State::discovered};
    for (std::size_t round = 0; round < all_states.size(); ++round) {
        for (const TableRow& row : table()) {
            if (reached.contains(row.from)) reached.insert(row.to.begin(), row.to.end());
        }
    }
    EXPECT_EQ(reached.size(), all_states.size());
}

TEST(Table, UnknownStateAndEmptyEventAreRejected) {
    Job job;
    job.state = static_cast<State>(99);
    EXPECT_EQ(rejection_kind(job, Restarted{"x"}), RejectionKind::not_in_this_state);
    EXPECT_EQ(next_command(job), Command::cleanup);
}

TEST(Table, NumbersOnDiskNeverChange) {
    EXPECT_EQ(static_cast<int>(State::discovered), 1);
    EXPECT_EQ(static_cast<int>(State::verified), 6);
    EXPECT_EQ(static_cast<int>(State::skipped), 12);
    EXPECT_EQ(event_index<Discovered>, 0U);
    EXPECT_EQ(event_index<SubmitSigned>, 17U);
    EXPECT_EQ(event_index<DeclineReverted>, 30U);
    EXPECT_EQ(event_index<EvidencePacked>, 32U);
    EXPECT_EQ(event_name(event_index<StepFailed>), "StepFailed");
}

TEST(Table, NamesAreDistinct) {
    std::set<std::string_view> states;
    for (const State state : all_states) states.insert(name(state));
    EXPECT_EQ(states.size(), all_states.size());
    std::set<std::string_view> events;
    for (std::size_t i = 0; i < event_kinds; ++i) events.insert(event_name(i));
    EXPECT_EQ(events.size(), event_kinds);
}

TEST(Table, EveryEventIsDescribed) {
    for (const EventBody& event : test::event_of_every_kind()) EXPECT_GT(describe(event).size(), 10U) << name(event);
    EXPECT_EQ(describe(ProcessConfirmed{test::tx(2, 17), test::tokens(110)}),
              "deposit of 110 EMT confirmed in block 17");
}

TEST(Graph, MermaidHasTheEdgesOfTheTable) {
    const std::string graph = graph_mermaid();
    EXPECT_TRUE(graph.starts_with("stateDiagram-v2\n    [*] --> discovered : Discovered\n"));
    EXPECT_NE(graph.find("    discovered --> accepted : ProcessConfirmed\n"), std::string::npos) << graph;
    EXPECT_NE(graph.find("    discovered --> skipped : BecameInfeasible, StepFailed\n"), std::string::npos);
    EXPECT_NE(graph.find("    training --> submitted : SubmitConfirmed\n"), std::string::npos);
    EXPECT_NE(graph.find("    skipped --> [*]\n"), std::string::npos);
    EXPECT_EQ(graph.find("training --> training"), std::string::npos) << "a state's own events are not drawn";
}

TEST(Graph, EveryEdgeOfTheTableIsDrawnInBothPictures) {
    const std::string mermaid = graph_mermaid();
    const std::string dot = graph_dot();
    for (const TableRow& row : table()) {
        for (const State to : row.to) {
            if (to == row.from) continue;
            const std::string from(name(row.from));
            EXPECT_NE(mermaid.find(from + " --> " + std::string(name(to)) + " : "), std::string::npos);
            EXPECT_NE(dot.find(from + " -> " + std::string(name(to)) + " [label="), std::string::npos);
        }
    }
}

}  // namespace
}  // namespace emeth::statemachine
