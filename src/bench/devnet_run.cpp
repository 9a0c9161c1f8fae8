#include "bench/devnet_run.hpp"

#include <memory>
#include <utility>

#include "cli/anvil_program.hpp"
#include "cli/program.hpp"
#include "runtime/log.hpp"
#include "runtime/race.hpp"

namespace emeth::bench {

Task<Result<void>> beside_devnet(std::filesystem::path folder, std::filesystem::path anvil,
                                 std::function<Task<Result<void>>(network::Devnet&)> measure) {
    network::DevnetOptions options;
    options.folder = folder / "net";
    options.anvil = std::move(anvil);
    auto devnet = co_await network::Devnet::start(std::move(options));
    if (devnet.has_error()) co_return in_context("devnet", devnet.error());
    Task<Result<void>> measuring = measure(**devnet);
    Task<Result<void>> serving = (*devnet)->run();
    const auto outcome = co_await race(std::move(measuring), std::move(serving));
    co_await (*devnet)->stop();
    co_return outcome;
}

void run_with_anvil(CLI::App& command, cli::Invocation& invocation,
                    std::function<Task<Result<void>>(std::filesystem::path anvil)> measure) {
    auto chosen = std::make_shared<std::string>();
    command.add_option("--anvil", *chosen, "anvil program; else contracts/node_modules/.bin/anvil, else PATH")
        ->type_name("FILE");
    command.callback([chosen, measure = std::move(measure), &invocation] {
        invocation.run = [chosen, measure] {
            init_logging("bench", "error");
            const auto anvil = cli::find_anvil(*chosen);
            if (anvil.has_error()) return cli::fail("bench", anvil.error(), cli::exit_unavailable);
            return cli::run_task("bench", [&](asio::any_io_executor) { return measure(*anvil); });
        };
    });
}

}  // namespace emeth::bench
