// emeth state verify: does all that a node keeps agree with itself?
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/kept_files.hpp"
#include "cli/state_commands.hpp"
#include "cli/terminal.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/utf8.hpp"

namespace emeth::cli {

namespace {

namespace json = boost::json;

constexpr const char* explanation =
    "Replays every history through the transition table and compares it with its record, the outbox with what the\n"
    "histories signed, the indices with what they index, and the files of local workers with the records' digests.\n"
    "All that is wrong is reported, up to 100 sentences; the exit code is 1 then.\n\n"
    "Example:\n"
    "  emeth state verify --data ./node\n";

void print_text(const storage::Verification& found, std::uint64_t files) {
    for (const std::string& problem : found.problems) print_wrapped("wrong: ", one_line(problem));
    if (found.problems.size() < found.problems_found)
        fmt::print("and {} more\n", found.problems_found - found.problems.size());
    print_wrapped("",
                  fmt::format("{} JOBs with {} history entries, {} transactions, {} files{}", found.jobs,
                              found.history_entries, found.transactions, files,
                              found.problems_found == 0 ? ": every history leads to its record, and all agrees" : ""));
}

void print_json(const storage::Verification& found, std::uint64_t files) {
    json::array problems;
    for (const std::string& problem : found.problems) problems.emplace_back(problem);
    fmt::print("{}\n", json_text(json::object{{"jobs", found.jobs},
                                              {"historyEntries", found.history_entries},
                                              {"transactions", found.transactions},
                                              {"files", files},
                                              {"problemsFound", found.problems_found},
                                              {"problems", std::move(problems)}}));
}

Result<void> verify(storage::NodeStore& store, const StateFlags& flags) {
    const storage::Inspection inspection = store.inspection();
    auto found = [&] {
        const WatchedEffort watched(inspection, "verifying");
        return inspection.verify(watched.effort());
    }();
    if (found.has_error()) return found.error();
    const auto active = store.jobs().active();
    if (active.has_value()) {
        KeptFiles files = check_kept_files(flags.data, *active);
        found->problems_found += files.problems.size();
        for (std::string& problem : files.problems)
            if (found->problems.size() < storage::Verification::problems_max)
                found->problems.push_back(std::move(problem));
        flags.json ? print_json(*found, files.checked) : print_text(*found, files.checked);
    } else {  // what keeps them from being read is among the problems
        flags.json ? print_json(*found, 0) : print_text(*found, 0);
    }
    if (found->problems_found == 0) return {};
    return permanent_error(
        fmt::format("{} is not as it was written ({} found): restore the store from a copy, or ask "
                    "with the lines above",
                    flags.data, found->problems_found));
}

}  // namespace

void add_state_verify(CLI::App& state, Invocation& invocation) {
    auto* command = state.add_subcommand("verify", "replay every history, and compare all that belongs together");
    command->footer(explanation);
    const auto flags = std::make_shared<StateFlags>();
    flags->add_to(*command);
    flags->add_json(*command, "one JSON object");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            return inspect_store(*flags, [&](storage::NodeStore& store) { return verify(store, *flags); });
        };
    });
}

}  // namespace emeth::cli
