// The table as data and as diagrams; both are derived from the rules that transition() follows.
#include "statemachine/graph.hpp"

#include <algorithm>
#include <iterator>

#include "statemachine/rules.hpp"
#include "statemachine/text.hpp"

namespace emeth::statemachine {
namespace {

struct Edge {
    State from;
    State to;
    std::string label;  ///< the events, in the order of the table
};

std::vector<TableRow> read_table() {
    std::vector<TableRow> rows;
    for (const State state : all_states) {
        for (std::size_t event = 0; event < event_kinds; ++event) {
            const Cell& cell = rules_in(state)->cell(event);
            if (cell.apply != nullptr) rows.push_back({state, event, {cell.targets.begin(), cell.targets.end()}});
        }
    }
    return rows;
}

/// One edge for each pair of different states, in the order of the table.
std::vector<Edge> edges() {
    std::vector<Edge> found;
    for (const TableRow& row : table()) {
        for (const State to : row.to) {
            if (to == row.from) continue;
            const auto same = [&](const Edge& edge) { return edge.from == row.from && edge.to == to; };
            if (const auto edge = std::ranges::find_if(found, same); edge != found.end()) {
                edge->label += sentence(", ", event_name(row.event));
            } else {
                found.push_back({row.from, to, std::string(event_name(row.event))});
            }
        }
    }
    return found;
}

}  // namespace

const std::vector<TableRow>& table() {
    static const std::vector<TableRow> rows = read_table();
    return rows;
}

std::string graph_mermaid(const StateNotes& notes) {
    std::string text = "stateDiagram-v2\n";
    for (const auto& [state, note] : notes) text += sentence("    ", name(state), " : ", name(state), ", ", note, "\n");
    text += sentence("    [*] --> discovered : ", event_name(event_index<Discovered>), "\n");
    for (const Edge& edge : edges()) {
        text += sentence("    ", name(edge.from), " --> ", name(edge.to), " : ", edge.label, "\n");
    }
    for (const State state : all_states) {
        if (is_end(state)) text += sentence("    ", name(state), " --> [*]\n");
    }
    return text;
}

std::string graph_dot(const StateNotes& notes) {
    std::string text = "digraph job {\n    rankdir=LR;\n    node [shape=box, style=rounded];\n";
    for (const auto& [state, note] : notes)
        text += sentence("    ", name(state), " [label=\"", name(state), "\\n", note, "\"];\n");
    for (const State state : all_states) {
        if (is_end(state)) text += sentence("    ", name(state), " [peripheries=2];\n");
    }
    for (const Edge& edge : edges()) {
        text += sentence("    ", name(edge.from), " -> ", name(edge.to), " [label=\"", edge.label, "\"];\n");
    }
    return text + "}\n";
}

std::string graph_mermaid() {
    return graph_mermaid(StateNotes{});
}

std::string graph_dot() {
    return graph_dot(StateNotes{});
}

}  // namespace emeth::statemachine
