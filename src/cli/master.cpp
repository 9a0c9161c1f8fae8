// emeth master: the daemon.
#include "node/master.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>

#include "cli/command.hpp"
#include "cli/master_settings.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "cli/shared_settings.hpp"
#include "node/workers/local_workers.hpp"
#include "runtime/log.hpp"
#include "worker/settings.hpp"

namespace emeth::cli {

namespace {

constexpr const char* explanation =
    "Finds JOBs, locks deposits for those that can be finished in time, has workers train them, submits the results "
    "and collects the rewards.\n"
    "It may be killed at any moment: the next start continues from the last commit. SIGHUP has it read its settings "
    "again:\n"
    "limits, priority, whitelists and log level take effect at once.\n\n"
    "Examples:\n"
    "  emeth master --config ./net/master.env --data ./node --local-workers 2\n"
    "  emeth master --config /etc/emeth/master.env --min_fee 20000000000000000000\n";

struct MasterFlags {
    ConfigFlags config;
    std::string data = ".emeth/node";
    unsigned local_workers = 0;
};

Result<node::ReadSettings> read_again(const MasterFlags& flags) {
    const auto values = flags.config.load();
    if (values.has_error()) return values.error();
    auto config = read_master_settings(*values);
    if (config.has_error()) return config.error();
    return node::ReadSettings{std::move(*config), node::node_setting_texts(*values)};
}

int start(const MasterFlags& flags) {
    const auto values = flags.config.load();
    if (values.has_error()) return fail("master", values.error(), exit_usage);
    auto config = read_master_settings(*values);
    if (config.has_error()) return fail("master", config.error(), exit_usage);
    // A worker that is started with wrong ones would end at once, again and again.
    if (flags.local_workers > 0)
        if (const auto for_workers = worker::read_training_settings(*values); for_workers.has_error())
            return fail("master", for_workers.error(), exit_usage);
    auto key = node::read_private_key(*values);
    if (key.has_error()) return fail("master", key.error(), exit_usage);
    init_logging("master", config->log_level, config->log_format);
    tell_ignored(*values, flags.config.keys);
    for (const auto& doubt : node::doubts(*config)) spdlog::warn("{}", doubt);
    node::MasterOptions options{flags.data, flags.local_workers, node::node_setting_texts(*values),
                                [&flags] { return read_again(flags); }};
    return run_service(
        "master",
        [&](asio::any_io_executor executor) {
            return node::run_master(std::move(executor), std::move(*config), std::move(*key), std::move(options));
        },
        exit_unavailable);
}

}  // namespace

void register_master(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand("master", "run the node");
    command->footer(explanation);
    auto flags = std::make_shared<MasterFlags>();
    flags->config.add_to(*command, master_settings());
    add_path(*command, "--data", flags->data, "folder of everything durable", "DIR");
    command->add_option("--local-workers", flags->local_workers, "workers to run on this machine, as child processes")
        ->capture_default_str()
        ->check(CLI::Range(0U, node::LocalWorkers::count_max))
        ->type_name("N");
    command->callback([flags, &invocation] { invocation.run = [flags] { return start(*flags); }; });
}

}  // namespace emeth::cli
