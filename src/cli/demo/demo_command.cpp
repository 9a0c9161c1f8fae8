// emeth demo
#include <memory>

#include "cli/anvil_program.hpp"
#include "cli/command.hpp"
#include "cli/demo/demo_run.hpp"
#include "cli/path_option.hpp"
#include "cli/program.hpp"
#include "runtime/log.hpp"

namespace emeth::cli {

namespace {

struct DemoFlags {
    DemoOptions options;
    std::string data = ".emeth/demo", report, anvil;
};

constexpr const char* examples =
    "Starts the whole network on this machine, a master and two workers; three real JOBs go from discovered to "
    "verified, through a SIGKILL of the master and a worker in\n"
    "the middle of training; then the day's reward is withdrawn. The exit code is 0 only if all of it succeeded and "
    "every wei "
    "is accounted for.\n\n"
    "Examples:\n"
    "  emeth demo --report report.json\n"
    "  emeth demo --open    watch it in the browser: the network's page and the\n"
    "                       node's dashboard\n"
    "  emeth demo --keep    leave it running and look around; Ctrl-C ends everything\n";

}  // namespace

void register_demo(CLI::App& app, Invocation& invocation) {
    auto* command = app.add_subcommand(
        "demo", "the whole story on one machine: real JOBs, a kill -9 in the middle, rewards withdrawn");
    command->footer(examples);
    auto flags = std::make_shared<DemoFlags>();
    add_path(*command, "--data", flags->data, "folder of the demo; emptied at the start", "DIR");
    add_path(*command, "--report", flags->report, "write what happened as JSON", "FILE");
    command->add_flag("--keep", flags->options.keep, "leave network and node running at the end, until Ctrl-C");
    command->add_flag("--open", flags->options.open,
                      "open the pages of network and node in the browser (xdg-open), and leave them up as --keep does");
    command->add_option("--anvil", flags->anvil, "anvil program; else contracts/node_modules/.bin/anvil, else PATH")
        ->type_name("FILE");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            init_logging("demo", "warn");
            const auto anvil = find_anvil(flags->anvil);
            if (anvil.has_error()) return fail("demo", anvil.error(), exit_unavailable);
            flags->options.anvil = *anvil;
            flags->options.data = flags->data;
            flags->options.report = flags->report;
            return run_to_end("demo", [flags](asio::any_io_executor) { return run_demo(flags->options); });
        };
    });
}

}  // namespace emeth::cli
