#include "cli/emeth_app.hpp"

#include <array>

#include "cli/help_formatter.hpp"
#include "cli/program.hpp"

namespace emeth::cli {

namespace {

constexpr std::array<Register, 23> commands{
    register_demo,     register_devnet,          register_master,      register_worker,   register_joblist,
    register_status,   register_decline,         register_withdraw,    register_wallet,   register_state,
    register_request,  register_info_server,     register_storage_api, register_verifier, register_requester,
    register_generate, register_rewards,         register_drain,       register_top,      register_doctor,
    register_retry,    register_simulate_policy, register_ledger,
};

constexpr const char* description =
    "A node of the Emeth network, and the network itself.\n\n"
    "Every JOB is a durable state machine: a crash at any moment costs seconds of work, never a deposit.";

constexpr const char* examples =
    "Examples:\n"
    "  emeth demo                   the whole network on this machine, real JOBs, and\n"
    "                               a kill -9 in the middle\n"
    "  emeth devnet --data ./net    the network alone; then, in other terminals:\n"
    "  emeth master --config ./net/master.env --data ./node --local-workers 2\n"
    "  emeth state list --data ./node            what the node knows of its JOBs\n";

}  // namespace

std::unique_ptr<CLI::App> emeth_app(Invocation& invocation) {
    auto app = std::make_unique<CLI::App>(description, "emeth");
    app->formatter(std::make_shared<HelpFormatter>());
    app->footer(examples);
    app->set_version_flag("--version", EMETH_VERSION);
    app->require_subcommand(1);
    app->failure_message(refused_arguments);
    for (const auto add : commands) add(*app, invocation);
    return app;
}

}  // namespace emeth::cli
