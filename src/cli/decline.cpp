// emeth decline [JOBID]: declines JOBs.
#include "cli/operator_flags.hpp"
#include "statemachine/types.hpp"

namespace emeth::cli {

namespace {

constexpr const char* explanation =
    "Gives a JOB back to the network, or all of this node's active JOBs without a JOBID (then --yes is needed). Each "
    "costs the decline penalty, a quarter of\n"
    "the deposit by the rules of Round 3. A JOB whose result is submitted cannot be declined.\n"
    "A running master is asked to do it; with none running it is done here, and the command waits until it is "
    "confirmed.\n\n"
    "Examples:\n"
    "  emeth decline 0x00112233445566778899aabbccddeeff --data ./node\n"
    "  emeth decline --yes --config config/master.env --data ./node\n";

struct DeclineFlags {
    OperatorFlags common;
    std::string job;
    bool yes = false;
};

void print(const Answer& answer) {
    if (list_of(answer, "declined").empty()) fmt::print("no active JOB to decline\n");
    for (const auto& value : list_of(answer, "declined")) {
        const auto& job = value.as_object();
        const auto outcome = job.contains("refused") ? text_of(job, "refused") : "decline decided";
        fmt::print("{}  {}\n", text_of(job, "id"), outcome);
    }
}

int decline(const DeclineFlags& flags) {
    boost::json::object params;
    if (!flags.job.empty()) {
        const auto id = JobId::parse(flags.job);
        if (!id)
            return fail("decline", permanent_error("'" + flags.job + "' is no JOB id: expected 0x and 32 hex digits"),
                        exit_usage);
        params["job"] = id->hex();
    } else if (!flags.yes) {
        return fail("decline",
                    permanent_error(
                        "without a JOBID all active JOBs are declined, each for its penalty: name one, or add --yes"),
                    exit_usage);
    }
    return run_operator_command("decline", flags.common, std::move(params), print);
}

}  // namespace

void register_decline(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("decline", "give a JOB back, for its penalty");
    command->footer(explanation);
    auto flags = std::make_shared<DeclineFlags>();
    flags->common.add_to(*command);
    command->add_option("JOBID", flags->job, "0x and 32 hex digits; all active JOBs without it");
    command->add_flag("--yes", flags->yes, "decline all active JOBs without asking");
    command->callback([flags, &invocation] { invocation.run = [flags] { return decline(*flags); }; });
}

}  // namespace emeth::cli
