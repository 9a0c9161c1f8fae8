// emeth: dispatches to src/cli/<command>.cpp.
#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>

#include "cli/command.hpp"
#include "cli/program.hpp"

namespace {

constexpr std::array<emeth::cli::Register, 20> commands{
    emeth::cli::register_demo,        emeth::cli::register_devnet,   emeth::cli::register_master,
    emeth::cli::register_worker,      emeth::cli::register_joblist,  emeth::cli::register_status,
    emeth::cli::register_decline,     emeth::cli::register_withdraw, emeth::cli::register_wallet,
    emeth::cli::register_state,       emeth::cli::register_request,  emeth::cli::register_info_server,
    emeth::cli::register_storage_api, emeth::cli::register_verifier, emeth::cli::register_requester,
    emeth::cli::register_generate,    emeth::cli::register_rewards,  emeth::cli::register_drain,
    emeth::cli::register_top,         emeth::cli::register_doctor,
};

constexpr const char* description =
    "A node of the Emeth network, and the network itself.\n"
    "Every JOB is a durable state machine: a crash at any moment costs seconds of work, never a deposit.";

constexpr const char* examples =
    "Examples:\n"
    "  emeth demo                                   the whole network on this machine, real JOBs, a kill -9 in the "
    "middle\n"
    "  emeth devnet --data ./net                    the network alone; then, in other terminals:\n"
    "  emeth master --config ./net/master.env --data ./node --local-workers 2\n"
    "  emeth state list --data ./node               what the node knows, also beside a running one\n"
    "  emeth state history 0x… --data ./node        the story of one JOB\n";

/// What a script reads must be there: an output that cannot be written is a failure.
int finished(int code) {
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.flush().good()) return code;
    std::fprintf(stderr, "emeth: cannot write the output: %s\n", std::strerror(errno));
    return emeth::cli::exit_failed;
}

}  // namespace

int main(int argc, char** argv) try {
    CLI::App app{description, "emeth"};
    app.footer(examples);
    app.set_version_flag("--version", EMETH_VERSION);
    app.require_subcommand(1);
    app.failure_message(emeth::cli::refused_arguments);
    emeth::cli::Invocation invocation;
    for (const auto add : commands) add(app, invocation);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return finished(app.exit(error) == 0 ? emeth::cli::exit_ok : emeth::cli::exit_usage);
    }
    return finished(invocation.run());
} catch (const std::exception& error) {
    std::fprintf(stderr, "emeth: %s\n", error.what());
    return emeth::cli::exit_failed;
}
