// emeth state stats: how many JOBs are in each state, and how long they stay. emeth state graph: the transition table
// as a picture, on request with those numbers.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/program.hpp"
#include "cli/state_commands.hpp"
#include "cli/state_statistics.hpp"
#include "runtime/json_fields.hpp"
#include "statemachine/graph.hpp"
#include "statemachine/text.hpp"

namespace emeth::cli {

namespace {

using statemachine::State;
namespace json = boost::json;

constexpr const char* stats_explanation =
    "Counts the JOBs in each state, and says how long JOBs stayed there before they left: half of them (p50) and 95 "
    "of\n"
    "100 (p95) not longer than this.\n\n"
    "Example:\n"
    "  emeth state stats --data ./node\n";

constexpr const char* graph_explanation =
    "Prints the transition table. With --live each state also says how many JOBs of this node are in it.\n\n"
    "Examples:\n"
    "  emeth state graph --format dot | dot -Tsvg > states.svg\n"
    "  emeth state graph --live --data ./node\n";

std::string duration_or_dash(std::optional<std::int64_t> ms) {
    return ms ? duration_text(*ms / 1'000) : "-";
}

void print_table(const StateStatistics& statistics) {
    fmt::print("{:<12} {:>11} {:>13} {:>14} {:>14}\n", "state", "JOBs now", "left it", "p50", "p95");
    for (const State state : statemachine::all_states)
        fmt::print("{:<12} {:>11} {:>13} {:>14} {:>14}\n", statemachine::name(state), statistics.jobs_in(state),
                   statistics.stays_in(state), duration_or_dash(statistics.percentile_ms(state, 50)),
                   duration_or_dash(statistics.percentile_ms(state, 95)));
    fmt::print("{:<12} {:>11}\n", "all", statistics.jobs());
}

void print_json(const StateStatistics& statistics) {
    json::object states;
    for (const State state : statemachine::all_states) {
        json::object one{{"jobs", statistics.jobs_in(state)}, {"left", statistics.stays_in(state)}};
        if (const auto half = statistics.percentile_ms(state, 50)) one["p50_ms"] = *half;
        if (const auto most = statistics.percentile_ms(state, 95)) one["p95_ms"] = *most;
        states[statemachine::name(state)] = std::move(one);
    }
    fmt::print("{}\n", json_text(json::object{{"jobs", statistics.jobs()}, {"states", std::move(states)}}));
}

Result<void> stats(storage::NodeStore& store, const StateFlags& flags) {
    const storage::Inspection inspection = store.inspection();
    const WatchedEffort watched(inspection, "reading histories");
    StateStatistics statistics;
    const auto read = inspection.for_each_life(
        [&](const statemachine::Job&, const auto& history) { statistics.add(timeline(history)); }, watched.effort());
    if (read.has_error()) return read;
    if (flags.json)
        print_json(statistics);
    else
        print_table(statistics);
    return {};
}

struct GraphFlags : StateFlags {
    std::string format = "mermaid";
    bool live = false;
};

std::string picture(const GraphFlags& flags, const statemachine::StateNotes& notes) {
    return flags.format == "dot" ? statemachine::graph_dot(notes) : statemachine::graph_mermaid(notes);
}

Result<void> live_graph(storage::NodeStore& store, const GraphFlags& flags) {
    const auto counts = store.inspection().count_states();
    if (counts.has_error()) return counts.error();
    statemachine::StateNotes notes;
    for (const State state : statemachine::all_states)
        notes[state] = fmt::format("{} JOBs", (*counts)[static_cast<std::size_t>(state)]);
    fmt::print("{}", picture(flags, notes));
    return {};
}

int graph(const GraphFlags& flags) {
    if (flags.live) return inspect_store(flags, [&](storage::NodeStore& store) { return live_graph(store, flags); });
    fmt::print("{}", picture(flags, {}));
    return exit_ok;
}

}  // namespace

void add_state_stats(CLI::App& state, Invocation& invocation) {
    auto* command = state.add_subcommand("stats", "JOBs in each state, and how long they stay there");
    command->footer(stats_explanation);
    const auto flags = std::make_shared<StateFlags>();
    flags->add_to(*command);
    flags->add_json(*command, "one JSON object");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            return inspect_store(*flags, [&](storage::NodeStore& store) { return stats(store, *flags); });
        };
    });
}

void add_state_graph(CLI::App& state, Invocation& invocation) {
    auto* command = state.add_subcommand("graph", "the transition table as a picture");
    command->footer(graph_explanation);
    const auto flags = std::make_shared<GraphFlags>();
    flags->add_to(*command);
    command->add_option("--format", flags->format, "mermaid or dot")
        ->capture_default_str()
        ->check(CLI::IsMember({"mermaid", "dot"}));
    command->add_flag("--live", flags->live, "with the JOBs of this node in each state");
    command->callback([flags, &invocation] { invocation.run = [flags] { return graph(*flags); }; });
}

}  // namespace emeth::cli
