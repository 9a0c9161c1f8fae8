// How a subcommand joins the program: each file of cli/ defines one or a few of the functions below, and main.cpp calls
// them all.
#pragma once

#include <CLI/App.hpp>
#include <functional>

namespace emeth::cli {

/// Exit codes, for scripts.
enum ExitCode : int {
    exit_ok = 0,
    exit_failed = 1,       ///< the work was tried and failed
    exit_usage = 2,        ///< wrong flags, configuration or input; nothing was done
    exit_unavailable = 3,  ///< something outside is not there: endpoint, master, data folder in use
};

/// What the chosen subcommand will run, after all flags are parsed; returns the exit code.
struct Invocation {
    std::function<int()> run;
};

using Register = void (*)(CLI::App& app, Invocation& invocation);

void register_devnet(CLI::App& app, Invocation& invocation);
void register_demo(CLI::App& app, Invocation& invocation);
void register_master(CLI::App& app, Invocation& invocation);
void register_worker(CLI::App& app, Invocation& invocation);
void register_info_server(CLI::App& app, Invocation& invocation);
void register_storage_api(CLI::App& app, Invocation& invocation);
void register_verifier(CLI::App& app, Invocation& invocation);
void register_requester(CLI::App& app, Invocation& invocation);
void register_request(CLI::App& app, Invocation& invocation);
void register_joblist(CLI::App& app, Invocation& invocation);
/// status, jobs and workers.
void register_status(CLI::App& app, Invocation& invocation);
void register_rewards(CLI::App& app, Invocation& invocation);
void register_ledger(CLI::App& app, Invocation& invocation);
void register_retry(CLI::App& app, Invocation& invocation);
void register_drain(CLI::App& app, Invocation& invocation);
void register_top(CLI::App& app, Invocation& invocation);
void register_doctor(CLI::App& app, Invocation& invocation);
void register_decline(CLI::App& app, Invocation& invocation);
void register_withdraw(CLI::App& app, Invocation& invocation);
void register_wallet(CLI::App& app, Invocation& invocation);
void register_generate(CLI::App& app, Invocation& invocation);
void register_simulate_policy(CLI::App& app, Invocation& invocation);
void register_state(CLI::App& app, Invocation& invocation);

}  // namespace emeth::cli
