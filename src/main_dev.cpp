// emeth-dev: what only developers run.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "bench/bench_store.hpp"
#include "bench/bench_training.hpp"
#include "sim_command.hpp"

int main(int argc, char** argv) try {
    CLI::App app{"What developers of emeth run: measurements, each beside its peer in the same run, and the simulator.", "emeth-dev"};
    app.require_subcommand(1);
    int exit_code = 0;
    emeth::simulation::add_sim_command(app, exit_code);
    auto* bench = app.add_subcommand("bench", "print performance figures");
    bench->require_subcommand(1);
    bool json = false;
    auto* store = bench->add_subcommand("store", "durable transitions/s against raw RocksDB synced batches of the same bytes");
    store->add_flag("--json", json, "figures as JSON");
    store->footer("Example:\n  emeth bench store --json\n");
    std::string model;
    auto* training = bench->add_subcommand("training", "training tokens/s against Python PyTorch, and the share of the matrix-product peak");
    training->add_flag("--json", json, "figures as JSON");
    training->add_option("--model", model, "one of d256, d512, gpt2; without it all of them");
    training->footer("Example:\n  emeth bench training --model d256\n");
    CLI11_PARSE(app, argc, argv);
    if (training->parsed()) return emeth::bench::run_training(model, json);
    if (store->parsed()) return emeth::bench::run_store(json);
    return exit_code;
} catch (const std::exception& error) {
    std::fprintf(stderr, "emeth-dev: %s\n", error.what());
    return 1;
}
