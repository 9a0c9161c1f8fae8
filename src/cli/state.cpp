// emeth state: what a node knows of its JOBs, read from its store, even while a master is running.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "cli/state_commands.hpp"
#include "node/data_folder.hpp"
#include "runtime/clock.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/processors.hpp"
#include "runtime/redaction.hpp"

namespace emeth::cli {

namespace {

constexpr const char* examples =
    "All but load and force only read, also beside a running master.\n\n"
    "Examples:\n"
    "  emeth state list --active           the JOBs at work, the next deadline first\n"
    "  emeth state show 0x12ab34cd         one JOB: timeline, transactions, costs\n"
    "  emeth state history 0x12ab34cd --data ./node       its story\n"
    "  emeth state verify --data ./node    replays every history, compares the rest\n"
    "  emeth state dump > node.jsonl       everything, one JSON object a line\n"
    "  emeth state graph --format dot | dot -Tsvg\n";

constexpr std::size_t digits_min = 8;

struct FailpointFlags {
    bool json = false;
};

void add_failpoints(CLI::App& state, Invocation& invocation) {
    auto* command = state.add_subcommand(
        "failpoints", "where tests kill the processes of a node: every durable commit and every outside effect");
    command->footer("Example:\n  emeth state failpoints\n");
    const auto flags = std::make_shared<FailpointFlags>();
    command->add_flag("--json", flags->json, "one JSON object a line");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            for (const auto& place : failpoint::places()) {
                if (flags->json)
                    fmt::print("{{\"effect\":\"{}\",\"process\":\"{}\",\"path\":\"{}\"}}\n", place.effect,
                               place.process, place.path);
                else
                    fmt::print("{:<26} {:<8} {}\n", place.effect, place.process, place.path);
            }
            return static_cast<int>(exit_ok);
        };
    });
}

/// "0x12ab34cd…" with or without the ellipsis that a list shows.
std::string_view without_ellipsis(std::string_view id) {
    constexpr std::string_view ellipsis = "…";
    if (id.ends_with(ellipsis)) id.remove_suffix(ellipsis.size());
    return id;
}

bool is_beginning_of_an_id(std::string_view text) {
    text.remove_prefix(text.starts_with("0x") ? 2 : 0);
    return text.size() >= digits_min && text.size() < 2 * JobId::size_bytes &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// All ids that begin so: two at most.
Result<std::vector<JobId>> beginning_with(storage::NodeStore& store, std::string_view digits) {
    digits.remove_prefix(digits.starts_with("0x") ? 2 : 0);
    std::string lowest(digits), highest(digits);
    lowest.resize(2 * JobId::size_bytes, '0');
    highest.resize(2 * JobId::size_bytes, 'f');
    return store.inspection().ids_between(*JobId::parse(lowest), *JobId::parse(highest), 2);
}

}  // namespace

void StateFlags::add_to(CLI::App& command) {
    add_path(command, "--data", data, "the master's data folder", "DIR");
}

void StateFlags::add_json(CLI::App& command, const std::string& help) {
    command.add_flag("--json", json, help);
}

int inspect_store(const StateFlags& flags, const std::function<Result<void>(storage::NodeStore&)>& work) {
    const auto store = storage::NodeStore::open(node::store_folder(flags.data), storage::OpenMode::read_only);
    if (store.has_error()) return fail("state", store.error(), exit_unavailable);
    const auto done = work(**store);
    return done.has_error() ? fail("state", done.error(), exit_failed) : static_cast<int>(exit_ok);
}

Result<statemachine::Job> find_job(storage::NodeStore& store, const StateFlags& flags, std::string_view given) {
    const std::string_view text = without_ellipsis(given);
    auto id = JobId::parse(text);
    if (!id && !is_beginning_of_an_id(text))
        return permanent_error(fmt::format("'{}' is no JOB id: expected 0x and 32 hex digits, or at least the first {}",
                                           redacted(given), digits_min));
    if (!id) {
        const auto ids = beginning_with(store, text);
        if (ids.has_error()) return ids.error();
        if (ids->size() > 1)
            return permanent_error(fmt::format("several JOBs begin with {}, {} and {} among them: give more digits",
                                               text, (*ids)[0].hex(), (*ids)[1].hex()));
        if (!ids->empty()) id = ids->front();
    }
    auto job = id ? store.jobs().find(*id) : Result<std::optional<statemachine::Job>>(std::nullopt);
    if (job.has_error()) return job.error();
    if (job->has_value()) return std::move(**job);
    return permanent_error(fmt::format("no JOB {} in {}; `emeth state list` shows those that are", text, flags.data));
}

WatchedEffort::WatchedEffort(const storage::Inspection& inspection, const std::string& title)
    : bar_(title, inspection.estimated_jobs().value(), ProgressUnit::count, system_clock()),
      effort_{processors(), [this](std::uint64_t jobs) { bar_.update(jobs); }} {}

void register_state(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("state", "inspect the durable state of a node");
    command->require_subcommand(1);
    command->footer(examples);
    for (const auto add : {add_state_list, add_state_show, add_state_history, add_state_stats, add_state_verify,
                           add_state_dump, add_state_graph, add_failpoints, add_state_force})
        add(*command, invocation);
}

}  // namespace emeth::cli
