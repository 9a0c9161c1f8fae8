// emeth drain: have the node finish what it has, and take no new JOB.
#include "cli/operator_flags.hpp"

namespace emeth::cli {

namespace {

constexpr const char* explanation =
    "Has the node finish the JOBs that it has and take no new one, also after it is started again, until --resume. For "
    "example before maintenance: once `emeth jobs` lists none, no deposit is locked any more.\n"
    "A running master does it at once; with none running it is noted for the next one.\n\n"
    "Examples:\n"
    "  emeth drain --data ./node\n"
    "  emeth drain --resume --data ./node\n";

struct DrainFlags {
    OperatorFlags common;
    bool resume = false;
};

void print(const Answer& answer) {
    if (!is_set(answer, "drained")) return fmt::print("JOBs are taken again\n");
    fmt::print("no new JOB is taken; {} active JOBs go on (`emeth jobs` shows them)\n", text_of(answer, "activeJobs"));
}

}  // namespace

void register_drain(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("drain", "finish the JOBs at hand, take no new one");
    command->footer(explanation);
    auto flags = std::make_shared<DrainFlags>();
    flags->common.add_to(*command);
    command->add_flag("--resume", flags->resume, "take JOBs again");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            return run_operator_command("drain", flags->common, {{"on", !flags->resume}}, print);
        };
    });
}

}  // namespace emeth::cli
