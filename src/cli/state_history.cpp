// emeth state history: the story of one JOB.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>

#include <regex>

#include "cli/job_timeline.hpp"
#include "cli/state_commands.hpp"
#include "cli/terminal.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/utc_text.hpp"
#include "runtime/utf8.hpp"
#include "statemachine/amount_text.hpp"

namespace emeth::cli {

namespace {

constexpr const char* explanation =
    "Tells every event of a JOB with its time and reason. Checkpoints and uploaded parts in a row are one line, and\n"
    "hashes are cut; --all tells everything.\n\n"
    "Examples:\n"
    "  emeth state history 0x12ab34cd --data ./node\n"
    "  emeth state history 0x12ab34cd --all --json\n";

struct HistoryFlags : StateFlags {
    std::string job;
    bool all = false;
};

constexpr std::size_t date_size = 10;

std::string date_of(std::int64_t unix_ms) {
    return utc_text(unix_ms).substr(0, date_size);
}

std::string time_of(std::int64_t unix_ms) {
    return utc_text(unix_ms).substr(date_size + 1);
}

/// Hashes, which nobody reads, are cut to what recognises them.
std::string with_short_hashes(const std::string& text) {
    static const std::regex hash("(0x[0-9a-f]{8})[0-9a-f]{56}");
    return std::regex_replace(text, hash, "$1…");
}

void print_line(const HistoryLine& line, bool whole) {
    std::string text = one_line(whole ? line.text : with_short_hashes(line.text));
    if (line.first != line.last) {
        const bool same_day = date_of(line.from_unix_ms) == date_of(line.to_unix_ms);
        text += fmt::format(", {}–{}", time_of(line.from_unix_ms),
                            same_day ? time_of(line.to_unix_ms) : utc_text(line.to_unix_ms));
    }
    print_wrapped(fmt::format("{:>4}  {}  ", line.first, time_of(line.from_unix_ms)), text);
}

void print_lines(const std::vector<HistoryLine>& lines, bool whole) {
    std::string date;
    for (const HistoryLine& line : lines) {
        if (date_of(line.from_unix_ms) != date) {
            date = date_of(line.from_unix_ms);
            fmt::print("{} (UTC)\n", date);
        }
        print_line(line, whole);
    }
}

void print_json(const std::vector<HistoryLine>& lines) {
    for (const HistoryLine& line : lines)
        fmt::print("{}\n", json_text(boost::json::object{{"first", line.first},
                                                         {"last", line.last},
                                                         {"from_unix_ms", line.from_unix_ms},
                                                         {"to_unix_ms", line.to_unix_ms},
                                                         {"text", line.text}}));
}

Result<void> history(storage::NodeStore& store, const HistoryFlags& flags) {
    const auto job = find_job(store, flags, flags.job);
    if (job.has_error()) return job.error();
    const auto entries = store.jobs().history(job->terms.id);
    if (entries.has_error()) return entries.error();
    const auto lines = told(*entries, !flags.all);
    if (flags.json) {
        print_json(lines);
        return {};
    }
    fmt::print("JOB {}\n", job->terms.id.hex());
    print_lines(lines, flags.all);
    return {};
}

}  // namespace

void add_state_history(CLI::App& state, Invocation& invocation) {
    auto* command = state.add_subcommand("history", "one JOB's story, with times and reasons");
    command->footer(explanation);
    const auto flags = std::make_shared<HistoryFlags>();
    flags->add_to(*command);
    flags->add_json(*command, "one JSON object a line");
    command->add_option("job", flags->job, "JOB id, or its first digits")->required()->type_name("JOBID");
    command->add_flag("--all", flags->all, "every checkpoint and every part in a line of its own");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            return inspect_store(*flags, [&](storage::NodeStore& store) { return history(store, *flags); });
        };
    });
}

}  // namespace emeth::cli
