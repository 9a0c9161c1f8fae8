// emeth joblist: open JOBs with the verdict of selection and what they are expected to bring, and the node's own JOBs.
#include "cli/operator_flags.hpp"
#include "cli/terminal.hpp"
#include "runtime/utf8.hpp"

namespace emeth::cli {

namespace {

constexpr const char* explanation =
    "Lists the open JOBs of the JOB info server with what this node thinks of each, and the JOBs it works on.\n"
    "`emeth state list` also lists the finished ones. With --refused: why JOBs were not taken, and how many for each "
    "reason. With --explain: what one JOB is expected to bring, term by term.\n\n"
    "Examples:\n"
    "  emeth joblist --data ./node\n"
    "  emeth joblist --explain 0x6f1d…  --data ./node\n"
    "  emeth joblist --refused --data ./node\n"
    "  emeth joblist --config config/master.env --json\n";

struct JobListFlags {
    OperatorFlags common;
    bool refused = false;
    std::string explain;
};

std::string verdict_of(const Answer& job) {
    const std::string wait =
        job.contains("nextLookSeconds") ? fmt::format(" (next look in {} s)", text_of(job, "nextLookSeconds")) : "";
    if (job.contains("refused")) return text_of(job, "refused") + wait;
    const std::string team = text_of(job, "team");
    return fmt::format("would be taken{}: finish estimate {} s, expected value {} EMT ({}){}",
                       team == "1" ? "" : " by a team of " + team, text_of(job, "finishEstimate"),
                       text_of(job, "expectedValue"), text_of(job, "valueTerms"), wait);
}

std::string progress_of(const Answer& job) {
    const auto* progress = job.if_contains("progress");
    if (progress == nullptr || !progress->is_object()) return "";
    const auto& fields = progress->get_object();
    const std::string workers = text_of(fields, "workers");
    return fmt::format(" [{}: step {} of {}{}]", text_of(fields, "stage"), text_of(fields, "step"),
                       text_of(fields, "stepsTotal"), workers == "1" ? "" : ", by " + workers + " workers");
}

void print(const Answer& answer) {
    if (answer.contains("marketTrouble"))
        fmt::print("open JOBs: not known ({})\n", text_of(answer, "marketTrouble"));
    else
        fmt::print("open JOBs: {}{}\n", text_of(answer, "openTotal"),
                   answer.contains("direct")
                       ? fmt::format(", read from the contract, too: {}", one_line(text_of(answer, "direct")))
                       : "");
    for (const auto& value : list_of(answer, "open")) {
        const auto& job = value.as_object();
        fmt::print("  {}  {:>8} EMT  {:>12} bytes  {}\n", text_of(job, "id"), coins_of(job, "fee"),
                   text_of(job, "datasetSize"), verdict_of(job));
    }
    for (const auto& reason : list_of(answer, "standstill"))
        if (reason.is_string()) fmt::print("for every JOB: {}\n", one_line(reason.get_string()));
    fmt::print("JOBs of this node: {}\n", list_of(answer, "own").size());
    for (const auto& value : list_of(answer, "own")) {
        const auto& job = value.as_object();
        fmt::print("  {}  {:>8} EMT  {:<11}  {}{}\n", text_of(job, "id"), coins_of(job, "fee"), text_of(job, "state"),
                   text_of(job, "why"), progress_of(job));
    }
    for (const auto& value : list_of(answer, "workers")) {
        const auto& worker = value.as_object();
        if (worker.contains("unfit"))
            fmt::print("worker {} is not fit and gets no JOB: {}\n", text_of(worker, "address"),
                       one_line(text_of(worker, "unfit")));
        if (worker.contains("restSeconds"))
            fmt::print("worker {} failed JOBs and gets no new one for {} s: its log says what has to be repaired\n",
                       text_of(worker, "address"), text_of(worker, "restSeconds"));
    }
}

void print_explained(const Answer& answer) {
    if (answer.contains("marketTrouble")) return fmt::print("not known ({})\n", text_of(answer, "marketTrouble"));
    for (const auto& value : list_of(answer, "open")) {
        const auto& job = value.as_object();
        fmt::print("{}  {}\n", text_of(job, "id"), verdict_of(job));
        if (!job.contains("valueExplained"))
            return fmt::print(
                "What it would bring is not known: it is not open, its param does not parse, or no idle "
                "worker could train it.\n");
        for (const auto& term : list_of(job, "valueExplained")) {
            const auto& line = term.as_object();
            print_wrapped(fmt::format("  {:<20}{:>16} EMT  ", text_of(line, "term"), text_of(line, "coins")),
                          text_of(line, "how"));
        }
        fmt::print("  {:<20}{:>16} EMT\n", "expected value", text_of(job, "value"));
    }
}

void print_refusals(const Answer& answer) {
    if (list_of(answer, "refusals").empty()) return fmt::print("no JOB was refused\n");
    fmt::print("{:>6}  newest reason\n", "JOBs");
    for (const auto& value : list_of(answer, "refusals")) {
        const auto& refusal = value.as_object();
        print_wrapped(fmt::format("{:>6}  ", text_of(refusal, "jobs")), text_of(refusal, "reason"));
    }
}

int explain(const JobListFlags& flags) {
    const Result<JobId> id = parse_job_id(flags.explain);
    if (id.has_error()) return fail("joblist", id.error(), exit_usage);
    return run_operator_command("joblist", flags.common, {{"job", id->hex()}}, print_explained);
}

}  // namespace

void register_joblist(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("joblist", "open JOBs with this node's verdict, and its own");
    command->footer(explanation);
    auto flags = std::make_shared<JobListFlags>();
    flags->common.add_to(*command);
    flags->common.add_watch_to(*command);
    command->add_flag("--refused", flags->refused, "why JOBs were not taken, counted by reason");
    command->add_option("--explain", flags->explain, "what this JOB is expected to bring, term by term")
        ->type_name("JOB")
        ->excludes("--refused");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            if (!flags->explain.empty()) return explain(*flags);
            return flags->refused ? run_operator_command("refusals", flags->common, {}, print_refusals)
                                  : run_operator_command("joblist", flags->common, {}, print);
        };
    });
}

}  // namespace emeth::cli
