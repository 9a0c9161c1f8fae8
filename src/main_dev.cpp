// emeth-dev: what only developers run.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <memory>

#include "bench/bench_cooperation.hpp"
#include "bench/bench_info.hpp"
#include "bench/bench_inspection.hpp"
#include "bench/bench_recovery.hpp"
#include "bench/bench_simulation.hpp"
#include "bench/bench_storage.hpp"
#include "bench/bench_store.hpp"
#include "bench/bench_tokenising.hpp"
#include "bench/bench_training.hpp"
#include "bench/bench_verification.hpp"
#include "cli/command.hpp"
#include "cli/help_formatter.hpp"
#include "simulation/sim_command.hpp"
#include "soak/soak_command.hpp"

int main(int argc, char** argv) try {
    CLI::App app{"Simulation, soak and measurements of emeth.", "emeth-dev"};
    app.formatter(std::make_shared<emeth::cli::HelpFormatter>());
    app.require_subcommand(1);
    emeth::cli::Invocation invocation;
    emeth::simulation::add_sim(app, invocation);
    emeth::soak::add_soak(app, invocation);
    auto* bench = app.add_subcommand("bench", "print performance figures, each beside its peer in the same run");
    bench->require_subcommand(1);
    for (const auto add : {emeth::bench::add_store, emeth::bench::add_training, emeth::bench::add_tokenising,
                           emeth::bench::add_verification, emeth::bench::add_recovery, emeth::bench::add_inspection,
                           emeth::bench::add_info, emeth::bench::add_simulation, emeth::bench::add_storage,
                           emeth::bench::add_cooperation})
        add(*bench, invocation);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? emeth::cli::exit_ok : emeth::cli::exit_usage;
    }
    return invocation.run();
} catch (const std::exception& error) {
    std::fprintf(stderr, "emeth-dev: %s\n", error.what());
    return emeth::cli::exit_failed;
}
