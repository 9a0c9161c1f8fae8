#include "soak/soak_command.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/anvil_program.hpp"
#include "cli/program.hpp"
#include "runtime/log.hpp"
#include "soak/soak_run.hpp"

namespace emeth::soak {

namespace {

struct SoakFlags {
    SoakOptions options;
    std::string data = ".emeth/soak", report, anvil;
};

constexpr const char* explanation =
    "Starts the whole network and a master with two local workers, and requests small JOBs of real text all the time.\n"
    "Every 1 to 10 s it kills the master, a worker or a trainer with SIGKILL, while proxies in front of endpoint,\n"
    "info server and Storage API refuse, cut and stall connections. The last minute is quiet, so that JOBs can end.\n"
    "Exit code 0 only if there was no penalty, no orphan and no crash, every JOB is verified or on its way in time,\n"
    "each verified JOB has one process and one submit on chain, and every history leads to its record.\n\n"
    "Example:\n"
    "  emeth soak --minutes 10 --seed 7 --report soak.json\n";

}  // namespace

void add_soak(CLI::App& app, cli::Invocation& invocation) {
    auto* command = app.add_subcommand("soak", "real processes under random kills and a network that comes and goes");
    command->footer(explanation);
    auto flags = std::make_shared<SoakFlags>();
    command->add_option("--minutes", flags->options.minutes, "duration in minutes")
        ->capture_default_str()
        ->check(CLI::Range(1, 10'080));
    command->add_option("--seed", flags->options.seed, "seed of kills, texts and disturbances")->capture_default_str();
    command->add_option("--report", flags->report, "write what happened as JSON")->type_name("FILE");
    command->add_option("--data", flags->data, "folder of the soak; emptied at the start")
        ->capture_default_str()
        ->type_name("DIR");
    command->add_option("--anvil", flags->anvil, "anvil program; else contracts/node_modules/.bin/anvil, else PATH")
        ->type_name("FILE");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            init_logging("soak", "error");
            const auto anvil = cli::find_anvil(flags->anvil);
            if (anvil.has_error()) return cli::fail("soak", anvil.error(), cli::exit_unavailable);
            flags->options.anvil = *anvil;
            flags->options.data = flags->data;
            flags->options.report = flags->report;
            return cli::run_to_end("soak", [flags](asio::any_io_executor) { return run_soak(flags->options); });
        };
    });
}

}  // namespace emeth::soak
