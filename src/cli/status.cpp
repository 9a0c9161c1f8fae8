// emeth status, jobs, workers: what the node is, by its snapshot (node/snapshot).
#include <algorithm>
#include <string>

#include "cli/operator_flags.hpp"
#include "cli/status_text.hpp"
#include "cli/terminal.hpp"
#include "runtime/utf8.hpp"
#include "statemachine/text.hpp"

namespace emeth::cli {

namespace {

constexpr const char* status_explanation =
    "Shows the node at a glance: servers, money, workers and JOBs, the most endangered first. A running master "
    "answers\n"
    "at once; without one the JOBs come from the store, as the last master left them, and no server is asked.\n\n"
    "Examples:\n"
    "  emeth status --data ./node\n"
    "  emeth status --config config/master.env --json\n";

constexpr const char* jobs_explanation =
    "Lists the JOBs that this node works on, the most endangered first: from the node itself, whatever the servers "
    "do.\n"
    "`emeth state list` also lists the finished ones, `emeth joblist` what is on offer.\n\n"
    "Examples:\n"
    "  emeth jobs --data ./node\n"
    "  emeth jobs --json\n";

constexpr const char* workers_explanation =
    "Lists the workers that are connected to the running master, or that a JOB waits for.\n\n"
    "Examples:\n"
    "  emeth workers --data ./node\n"
    "  emeth workers --json\n";

void print_jobs(const Answer& answer) {
    const auto& jobs = list_of(answer, "jobs");
    if (jobs.empty()) return fmt::print("no active JOBs\n");
    fmt::print("{:<11} {:<11} {:>11} {:>11} {:>11} {:>6} {:>6} {:>6}\n", "JOB", "state", "time left", "estimate",
               "margin", "chance", "locked", "risk");
    for (const auto& value : jobs) {
        const Answer& job = value.as_object();
        fmt::print("{} {:<11} {:>11} {:>11} {:>11} {:>6} {:>6} {:>6}\n", short_id(text_of(job, "id")),
                   text_of(job, "state"),
                   text_of(job, "state") == "submitted" ? "-" : duration_or_dash(job, "secondsLeft"),
                   duration_or_dash(job, "finishEstimate"), margin_of(job), chance_of(job),
                   few_decimals(job, "deposit"), few_decimals(job, "atRisk"));
        if (job.contains("danger")) print_wrapped("    in danger: ", text_of(job, "danger"));
        if (const std::string progress = progress_of(job); !progress.empty()) print_wrapped("    ", progress);
        print_wrapped("    ", text_of(job, "why"));
        print_wrapped("    next: ", text_of(job, "next"));
    }
}

/// "tokens/s: nano 102000, d256 2100; draws 120 W".
std::string measured_of(const Answer& worker) {
    std::string text;
    for (const auto& [model, speed] : object_of(worker, "tokensPerSecond"))
        if (speed.is_number())
            text += fmt::format("{}{} {:.0f}", text.empty() ? "" : ", ", std::string_view(model),
                                speed.to_number<double>());
    if (text.empty()) return text;
    return "tokens/s: " + text + (worker.contains("watts") ? "; draws " + text_of(worker, "watts") + " W" : "");
}

void print_workers(const Answer& answer) {
    const auto& workers = list_of(answer, "workers");
    if (workers.empty()) return fmt::print("{}\n", is_set(answer, "master") ? "no workers" : "no master is running");
    for (const auto& value : workers) {
        const Answer& worker = value.as_object();
        fmt::print("{}\n", text_of(worker, "address"));
        print_wrapped("    ", doing_of(worker));
        print_wrapped("    ", measured_of(worker));
    }
}

void print_servers(const Answer& answer, const Answer& network) {
    if (network.empty() && is_set(answer, "master")) fmt::print("servers      not asked yet\n");
    constexpr std::int64_t fresh_s = 20;
    const std::int64_t age = number_of(answer, "at") - number_of(network, "askedAt");
    if (!network.empty() && age > fresh_s) fmt::print("servers      asked {} ago:\n", duration_text(age));
    for (const auto& value : list_of(network, "servers")) {
        const Answer& server = value.as_object();
        std::string text = standing_of(server);
        if (text_of(server, "name") == "chain" && network.contains("block"))
            text += fmt::format(
                ", block {}, {} old", text_of(network, "block"),
                duration_text(std::max<std::int64_t>(0, number_of(answer, "at") - number_of(network, "blockTime"))));
        print_wrapped(fmt::format("{:<12} ", text_of(server, "name")), text);
    }
}

/// Today's slot, and what each day of the week brought.
void print_income(const Answer& answer, const Answer& today) {
    if (!today.empty())
        fmt::print("today        {} of {} gas verified so far are this node's{}\n", text_of(today, "ownGas"),
                   text_of(today, "totalGas"),
                   today.contains("expected") ? fmt::format(", worth {} EMT", few_decimals(today, "expected")) : "");
    print_wrapped("earned       ", week_text(answer));
}

void print_status(const Answer& answer) {
    const Answer& network = object_of(answer, "network");
    fmt::print("node         {}\n", text_of(answer, "address"));
    if (!is_set(answer, "master"))
        fmt::print("master       none is running: from the store, as the last one left it\n");
    print_servers(answer, network);
    if (network.contains("emtFree"))
        fmt::print("money        {} EMT and {} ALT free\n", few_decimals(network, "emtFree"),
                   few_decimals(network, "altFree"));
    fmt::print("deposits     {} EMT locked, {} at risk\n", few_decimals(answer, "locked"),
               few_decimals(answer, "atRisk"));
    print_income(answer, object_of(network, "today"));
    if (is_set(answer, "drained")) fmt::print("drained      no new JOB is taken; `emeth drain --resume` ends that\n");
    if (is_set(answer, "master")) fmt::print("workers      {}\n", counts_of_workers(answer));
    fmt::print("JOBs         {}\n", counts_by_state(answer));
    for (const auto& warning : list_of(network, "warnings"))
        if (warning.is_string()) print_wrapped("warning      ", one_line(warning.get_string()));
    if (!list_of(answer, "jobs").empty()) {
        fmt::print("\n");
        print_jobs(answer);
    }
}

void add_view(CLI::App& app, Invocation& invocation, const std::string& name, const char* summary,
              const char* explanation, void (*print)(const Answer&)) {
    auto* command = app.add_subcommand(name, summary);
    command->footer(explanation);
    auto flags = std::make_shared<OperatorFlags>();
    flags->add_to(*command);
    flags->add_watch_to(*command);
    command->callback([flags, &invocation, name, print] {
        invocation.run = [flags, name, print] { return run_operator_command(name, *flags, {}, print); };
    });
}

}  // namespace

void register_status(CLI::App& app, Invocation& invocation) {
    add_view(app, invocation, "status", "servers, money, workers and JOBs of this node", status_explanation,
             print_status);
    add_view(app, invocation, "jobs", "the JOBs that this node works on", jobs_explanation, print_jobs);
    add_view(app, invocation, "workers", "the workers of this node, and what they do", workers_explanation,
             print_workers);
}

}  // namespace emeth::cli
