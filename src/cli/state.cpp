// emeth state: what a node knows of its JOBs, read from its store, even while a master is running.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <functional>
#include <memory>

#include "cli/command.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "cli/state_print.hpp"
#include "node/data_folder.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/redaction.hpp"
#include "statemachine/transition.hpp"
#include "storage/store.hpp"

namespace emeth::cli {

namespace {

struct StateFlags {
    std::string data = ".emeth/node", job, format = "mermaid";
    bool json = false;
};

using Flags = std::shared_ptr<StateFlags>;
using Inspect = std::function<Result<void>(storage::NodeStore&, const StateFlags&)>;

constexpr const char* examples =
    "Examples:\n"
    "  emeth state list --data ./node                every JOB, and why it is where it is\n"
    "  emeth state history 0x… --data ./node         the story of one JOB\n"
    "  emeth state dump --data ./node > node.jsonl   everything, one JSON object a line\n"
    "  emeth state verify --data ./node              replays every history and compares it with its record\n"
    "  emeth state graph --format dot | dot -Tsvg\n";

int inspect(const Flags& flags, const Inspect& work) {
    const auto store = storage::NodeStore::open(node::store_folder(flags->data), storage::OpenMode::read_only);
    if (store.has_error()) return fail("state", store.error(), exit_unavailable);
    const auto done = work(**store, *flags);
    return done.has_error() ? fail("state", done.error(), exit_failed) : static_cast<int>(exit_ok);
}

Result<statemachine::Job> find_job(storage::NodeStore& store, const StateFlags& flags) {
    const auto id = JobId::parse(flags.job);
    if (!id)
        return permanent_error(fmt::format("'{}' is no JOB id: expected 0x and 32 hex digits", redacted(flags.job)));
    auto job = store.jobs().find(*id);
    if (job.has_error()) return job.error();
    if (!job->has_value())
        return permanent_error(
            fmt::format("no JOB {} in {}; `emeth state list` shows those that are", flags.job, flags.data));
    return std::move(**job);
}

Result<void> show(storage::NodeStore& store, const StateFlags& flags) {
    const auto job = find_job(store, flags);
    if (job.has_error()) return job.error();
    if (!flags.json) {
        print_job(*job);
        return {};
    }
    return print_dump_of(store, job->terms.id);
}

Result<void> history(storage::NodeStore& store, const StateFlags& flags) {
    const auto job = find_job(store, flags);
    if (job.has_error()) return job.error();
    const auto entries = store.jobs().history(job->terms.id);
    if (entries.has_error()) return entries.error();
    print_history(*job, *entries);
    return {};
}

Result<void> dump(storage::NodeStore& store, const StateFlags&) {
    return store.dump([](std::string_view line) { fmt::print("{}\n", line); });
}

Result<void> verify(storage::NodeStore& store, const StateFlags&) {
    std::size_t jobs = 0;
    Result<void> first_error;
    const auto walked = store.jobs().for_each([&](const statemachine::Job& job) {
        ++jobs;
        auto verified = store.jobs().verify(job.terms.id);
        if (verified.has_value()) return true;
        first_error = std::move(verified);
        return false;
    });
    if (walked.has_error()) return walked;
    if (first_error.has_error()) return first_error;
    fmt::print("{} JOBs: every history leads to its record\n", jobs);
    return {};
}

CLI::App* add(CLI::App& parent, const std::string& name, const std::string& description, const Flags& flags,
              Invocation& invocation, Inspect work) {
    auto* command = parent.add_subcommand(name, description);
    add_path(*command, "--data", flags->data, "the master's data folder", "DIR");
    command->callback([flags, &invocation, work = std::move(work)] {
        invocation.run = [flags, work] { return inspect(flags, work); };
    });
    return command;
}

void add_graph(CLI::App& parent, const Flags& flags, Invocation& invocation) {
    auto* command = parent.add_subcommand("graph", "the transition table as a picture");
    command->add_option("--format", flags->format, "mermaid or dot")
        ->capture_default_str()
        ->check(CLI::IsMember({"mermaid", "dot"}));
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            fmt::print("{}", flags->format == "dot" ? statemachine::graph_dot() : statemachine::graph_mermaid());
            return static_cast<int>(exit_ok);
        };
    });
}

void add_failpoints(CLI::App& parent, const Flags& flags, Invocation& invocation) {
    auto* command = parent.add_subcommand(
        "failpoints", "where tests kill the processes of a node: every durable commit and every outside effect");
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

}  // namespace

void register_state(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("state", "inspect the durable state of a node");
    command->require_subcommand(1);
    command->footer(examples);
    const auto flags = std::make_shared<StateFlags>();
    add(*command, "list", "every JOB with its state and the reason", flags, invocation,
        [](storage::NodeStore& store, const StateFlags& chosen) { return print_list(store.jobs(), chosen.json); })
        ->add_flag("--json", flags->json, "one JSON object a line");
    auto* show_command = add(*command, "show", "one JOB's record", flags, invocation, show);
    show_command->add_option("job", flags->job, "JOB id")->required()->type_name("JOBID");
    show_command->add_flag("--json", flags->json, "record and history as JSON lines");
    add(*command, "history", "one JOB's story, with times and reasons", flags, invocation, history)
        ->add_option("job", flags->job, "JOB id")
        ->required()
        ->type_name("JOBID");
    add(*command, "dump", "everything as JSON lines", flags, invocation, dump);
    add(*command, "verify", "replay every history and compare", flags, invocation, verify);
    add_graph(*command, flags, invocation);
    add_failpoints(*command, flags, invocation);
}

}  // namespace emeth::cli
