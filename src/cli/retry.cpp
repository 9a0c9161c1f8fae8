// emeth retry JOBID: tries a JOB again at once.
#include <string>

#include "cli/operator_flags.hpp"

namespace emeth::cli {

namespace {

constexpr const char* explanation =
    "Has the running master try the failed step of a JOB at once, instead of waiting for its time: after what it "
    "failed at was mended. Nothing else changes: if it fails again it waits again, longer each time. `emeth jobs` says "
    "which JOBs wait, and for what.\n"
    "A JOB that does not wait for a retry is refused with exit code 1; without a running master the exit code is 3.\n\n"
    "Examples:\n"
    "  emeth retry 0x00112233445566778899aabbccddeeff --data ./node\n"
    "  emeth retry 0x00112233445566778899aabbccddeeff --json\n";

struct RetryFlags {
    OperatorFlags common;
    std::string job;
};

void print(const Answer& answer) {
    fmt::print("{}  tries the {} again now (try {})\n", text_of(answer, "id"), text_of(answer, "step"),
               text_of(answer, "try"));
}

int retry(const RetryFlags& flags) {
    const Result<JobId> id = parse_job_id(flags.job);
    if (id.has_error()) return fail("retry", id.error(), exit_usage);
    if (!node::admin_answers(node::admin_socket(flags.common.data)))
        return fail("retry",
                    transient_error("no master is running in " + flags.common.data +
                                    ", so nothing waits there; `emeth state force` can shorten what the next one "
                                    "would wait"),
                    exit_unavailable);
    return run_operator_command("retry", flags.common, {{"job", id->hex()}}, print);
}

}  // namespace

void register_retry(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("retry", "try a JOB that waits again at once");
    command->footer(explanation);
    auto flags = std::make_shared<RetryFlags>();
    flags->common.add_to(*command);
    command->add_option("JOBID", flags->job, "0x and 32 hex digits")->required();
    command->callback([flags, &invocation] { invocation.run = [flags] { return retry(*flags); }; });
}

}  // namespace emeth::cli
