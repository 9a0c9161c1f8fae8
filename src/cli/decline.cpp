// emeth decline [JOBID]: declines JOBs.
#include <string>
#include <string_view>
#include <vector>

#include "cli/operator_flags.hpp"
#include "cli/terminal.hpp"

namespace emeth::cli {

namespace {

constexpr const char* explanation =
    "Gives a JOB back to the network, or all of this node's active JOBs without a JOBID. Each costs the decline "
    "penalty, a quarter of\n"
    "the deposit by the rules of Round 3: the price is shown, and asked for (--yes: not asked). A JOB whose result is "
    "submitted cannot be declined.\n"
    "A running master is asked to do it; with none running it is done here, and the command waits until it is "
    "confirmed.\n\n"
    "Examples:\n"
    "  emeth decline 0x00112233445566778899aabbccddeeff --data ./node\n"
    "  emeth decline --yes --config config/master.env --data ./node\n";

struct DeclineFlags {
    OperatorFlags common;
    std::string job;
    bool yes = false;
    bool refused = false;  ///< set by the work: nobody said yes
};

void print(const Answer& answer) {
    if (list_of(answer, "declined").empty()) fmt::print("no active JOB to decline\n");
    for (const auto& value : list_of(answer, "declined")) {
        const auto& job = value.as_object();
        const auto outcome = job.contains("refused") ? text_of(job, "refused") : "decline decided";
        fmt::print("{}  {}\n", text_of(job, "id"), outcome);
    }
}

/// What declining costs, on stderr: stdout is the answer's. The JOBs that can be declined.
std::vector<std::string> show_prices(const Answer& answer, const std::string& only) {
    std::vector<std::string> ids;
    for (const auto& value : list_of(answer, "jobs")) {
        const Answer& job = value.as_object();
        if (!only.empty() && text_of(job, "id") != only) continue;
        if (!job.contains("declinePrice")) {
            fmt::print(stderr, "{}  {}: it cannot be declined any more\n", text_of(job, "id"), text_of(job, "state"));
            continue;
        }
        const std::string_view deposit = job.contains("depositInFlight") ? "depositInFlight" : "deposit";
        fmt::print(stderr, "{}  {}: declining costs {} EMT of the deposit of {} EMT\n", text_of(job, "id"),
                   text_of(job, "state"), coins_of(job, "declinePrice"), coins_of(job, deposit));
        ids.push_back(text_of(job, "id"));
    }
    return ids;
}

/// One after the other: only those whose price was seen, however long the answer took.
Task<Result<void>> decline_each(asio::any_io_executor executor, const OperatorFlags& flags,
                                std::vector<std::string> ids) {
    boost::json::array declined;
    for (const std::string& id : ids) {
        boost::json::object params{{"job", id}};
        const auto answer = co_await ask_node(executor, flags, "decline", std::move(params));
        if (answer.has_error()) co_return in_context(id, answer.error());
        for (const auto& job : list_of(answer->as_object(), "declined")) declined.push_back(job);
    }
    show(flags, Answer{{"declined", std::move(declined)}}, print);
    co_return Result<void>{};
}

Task<Result<void>> ask_then_decline(asio::any_io_executor executor, std::shared_ptr<DeclineFlags> flags,
                                    boost::json::object params) {
    const OperatorFlags& common = flags->common;
    if (flags->yes) co_return co_await ask_and_print(executor, common, "decline", std::move(params), print);
    const auto jobs = co_await ask_node(executor, common, "jobs", {});
    if (jobs.has_error()) co_return jobs.error();
    std::vector<std::string> ids = show_prices(jobs->as_object(), flags->job);
    flags->refused = !says_yes("decline?");
    if (flags->refused) co_return permanent_error("nothing was declined: add --yes where nobody can be asked");
    co_return co_await decline_each(executor, common, std::move(ids));
}

int decline(const std::shared_ptr<DeclineFlags>& flags) {
    boost::json::object params;
    if (!flags->job.empty()) {
        const Result<JobId> id = parse_job_id(flags->job);
        if (id.has_error()) return fail("decline", id.error(), exit_usage);
        flags->job = id->hex();
        params["job"] = id->hex();
    }
    init_logging("decline", "warn");
    const int code = run_task("decline", [&](asio::any_io_executor executor) {
        return ask_then_decline(std::move(executor), flags, params);
    });
    return flags->refused ? static_cast<int>(exit_usage) : code;
}

}  // namespace

void register_decline(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("decline", "give a JOB back, for its penalty");
    command->footer(explanation);
    auto flags = std::make_shared<DeclineFlags>();
    flags->common.add_to(*command);
    command->add_option("JOBID", flags->job, "0x and 32 hex digits; all active JOBs without it");
    command->add_flag("--yes", flags->yes, "do not ask");
    command->callback([flags, &invocation] { invocation.run = [flags] { return decline(flags); }; });
}

}  // namespace emeth::cli
