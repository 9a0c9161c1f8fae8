// emeth state force: records a decision in a JOB's history by hand, with the master stopped.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <variant>

#include "cli/forced_event.hpp"
#include "cli/job_filter.hpp"
#include "cli/program.hpp"
#include "cli/state_commands.hpp"
#include "cli/terminal.hpp"
#include "node/data_folder.hpp"
#include "runtime/clock.hpp"
#include "runtime/folder_lock.hpp"
#include "runtime/utf8.hpp"
#include "statemachine/transition.hpp"

namespace emeth::cli {

namespace {

using statemachine::Event;
using statemachine::Job;

constexpr std::size_t reason_bytes_max = 200;

struct ForceFlags : StateFlags {
    std::string job, event, expect, reason;
    bool yes = false;
};

std::string explanation() {
    std::string text =
        "Records one event in a JOB's history, as the state machine allows it, and marked as the operator's. Only "
        "with\n"
        "the master stopped; at its next start it goes on from there. --expect guards against a JOB that has moved.\n\n"
        "Events:\n";
    for (const ForcibleEvent& event : forcible_events())
        for (const std::string& line : wrapped(fmt::format("  {:<18}", event.name), event.use, columns_default))
            text += line + "\n";
    return text +
           "What the chain, a worker or the Storage API would have to have said cannot be recorded.\n\n"
           "Example:\n"
           "  emeth state force 0x12ab34cd LeaseRevoked --reason 'machine sold' \\\n"
           "      --expect training --data ./node\n";
}

void print_job(std::string_view when, const Job& job, std::int64_t now) {
    print_wrapped(fmt::format("{:<7} ", when), fmt::format("{}, entry {}: {}", statemachine::name(job.state),
                                                           job.sequence, one_line(statemachine::why(job, now))));
}

/// What the event would do; the Error says why the machine does not allow it.
Result<Job> tried(const Job& job, const Event& event) {
    auto outcome = statemachine::transition(job, event);
    if (const auto* refused = std::get_if<statemachine::Rejection>(&outcome))
        return permanent_error(fmt::format("the state machine does not allow it: {}", refused->reason));
    Job next = std::get<statemachine::Transition>(std::move(outcome)).next;
    next.sequence = job.sequence + 1;
    return next;
}

Result<void> force(storage::NodeStore& store, const ForceFlags& flags, statemachine::State expected) {
    const auto job = find_job(store, flags, flags.job);
    if (job.has_error()) return job.error();
    if (job->state != expected)
        return permanent_error(fmt::format("JOB {} is {}, not {}: look again (`emeth state show`) before you force it",
                                           job->terms.id.hex(), statemachine::name(job->state), flags.expect));
    const auto now = system_clock().unix_ms();
    const auto event = forced_event(flags.event, *job, flags.reason, now);
    if (event.has_error()) return event.error();
    const auto next = tried(*job, *event);
    if (next.has_error()) return next.error();
    fmt::print("JOB {}\n", job->terms.id.hex());
    print_job("before", *job, now);
    print_job("after", *next, now);
    if (!flags.yes && !says_yes("record it?")) return permanent_error("nothing was recorded: answer y, or add --yes");
    const auto applied = store.jobs().apply(*job, *event);
    if (applied.has_error()) return applied.error();
    print_wrapped("", fmt::format("recorded as entry {}: {}", applied->job.sequence,
                                  one_line(statemachine::describe(event->body))));
    return {};
}

int run(const ForceFlags& flags) {
    const auto expected = parse_state(flags.expect);
    if (expected.has_error()) return fail("state force", in_context("--expect", expected.error()), exit_usage);
    if (flags.reason.size() > reason_bytes_max)
        return fail("state force",
                    permanent_error(fmt::format("--reason has {} bytes; at most {} are recorded", flags.reason.size(),
                                                reason_bytes_max)),
                    exit_usage);
    // Else the lock would be made in a folder that has nothing to do with a node.
    if (std::error_code unknown; !std::filesystem::exists(node::store_folder(flags.data) / "CURRENT", unknown))
        return fail("state force",
                    permanent_error(fmt::format("there is no store in {}: name the master's data folder (--data)",
                                                node::store_folder(flags.data).string())),
                    exit_unavailable);
    const auto lock = FolderLock::acquire(flags.data);
    if (lock.has_error()) return fail("state force", lock.error(), exit_unavailable);
    const auto store = storage::NodeStore::open(node::store_folder(flags.data), storage::OpenMode::read_write);
    if (store.has_error()) return fail("state force", store.error(), exit_unavailable);
    const auto done = force(**store, flags, *expected);
    return done.has_error() ? fail("state force", done.error(), exit_failed) : static_cast<int>(exit_ok);
}

}  // namespace

void add_state_force(CLI::App& state, Invocation& invocation) {
    auto* command = state.add_subcommand("force", "record a decision by hand, with the master stopped");
    command->footer(explanation());
    const auto flags = std::make_shared<ForceFlags>();
    flags->add_to(*command);
    command->add_option("job", flags->job, "JOB id, or its first digits")->required()->type_name("JOBID");
    command->add_option("event", flags->event, "see above")->required()->type_name("EVENT");
    command->add_option("--expect", flags->expect, "the state in which the JOB must be")
        ->required()
        ->type_name("STATE");
    command->add_option("--reason", flags->reason, "one sentence for its history");
    command->add_flag("--yes", flags->yes, "without asking");
    command->callback([flags, &invocation] { invocation.run = [flags] { return run(*flags); }; });
}

}  // namespace emeth::cli
