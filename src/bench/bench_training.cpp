#include "bench/bench_training.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/json/value.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/figures.hpp"
#include "runtime/child_process.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/processors.hpp"

namespace emeth::bench {

namespace {

constexpr std::size_t output_bytes_max = 1 << 16;

/// `sequences` a step; 0: the preset's. A step of gpt2 as the network trains it would take minutes.
struct Trial {
    const char* model;
    unsigned steps;
    unsigned sequences;
};
constexpr std::array trials{Trial{"d256", 12, 0}, Trial{"d512", 4, 0}, Trial{"gpt2", 3, 8}};

/// What `command` prints, as JSON. The commands are made of our own paths and numbers.
boost::json::value output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    if (!pipe) throw std::runtime_error("cannot start " + command);
    std::string text(output_bytes_max, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), pipe.get()));
    return parse_json(text, output_bytes_max, command).value();
}

double number(const boost::json::value& answer, const char* key) {
    JsonObject fields(answer, "the benchmark's answer");
    const double value = fields.number(key);
    fields.check().value();
    return value;
}

std::string text(const boost::json::value& answer, const char* key) {
    JsonObject fields(answer, "the benchmark's answer");
    std::string value = fields.string(key, 64);
    fields.check().value();
    return value;
}

std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

/// Ours first: its precision and micro-batch are what the peer gets, too.
void measure(const Trial& trial, std::vector<Figure>& figures) {
    const auto programs = own_program_path().parent_path();
    const unsigned threads = processors();
    std::fprintf(stderr, "emeth bench: %s, %u steps on %u threads: emeth-trainer\n", trial.model, trial.steps, threads);
    const auto ours = output_of(fmt::format("{} benchmark --model {} --threads {} --steps {} --sequences {}", quoted(programs / "emeth-trainer"), trial.model, threads,
                                            trial.steps, trial.sequences));
    std::fprintf(stderr, "emeth bench: %s: Python PyTorch\n", trial.model);
    const auto peer = output_of(fmt::format("python3 {} {} {} {} {} {} {}", quoted(programs.parent_path().parent_path() / "bench/training_peer.py"), trial.model, threads,
                                            text(ours, "precision"), static_cast<unsigned>(number(ours, "micro_batch")), trial.steps, trial.sequences));
    const auto precision = text(ours, "precision");
    figures.push_back({fmt::format("{}_vs_python", trial.model), number(ours, "tokens_per_s"), "tokens/s " + precision, "Python PyTorch", number(peer, "tokens_per_s")});
    figures.push_back({fmt::format("{}_vs_peak", trial.model), number(ours, "gflops"), "GFLOP/s " + precision, "best square product", number(ours, "peak_gflops")});
}

struct TrainingFlags {
    std::string model;  ///< one preset, or empty: all that are measured
    bool json = false;
};

int run_training(const std::string& model, bool json) {
    std::vector<Figure> figures;
    for (const Trial& trial : trials)
        if (model.empty() || model == trial.model) measure(trial, figures);
    if (figures.empty()) {
        std::fprintf(stderr, "emeth bench: no preset '%s' is measured; choose d256, d512 or gpt2\n", model.c_str());
        return 2;
    }
    print(figures, json);
    return 0;
}

}  // namespace

void add_training(CLI::App& bench, cli::Invocation& invocation) {
    auto* command = bench.add_subcommand("training", "training tokens/s against Python PyTorch, and the share of the matrix-product peak");
    command->footer("Example:\n  emeth bench training --model d256\n");
    auto flags = std::make_shared<TrainingFlags>();
    command->add_flag("--json", flags->json, "figures as JSON");
    command->add_option("--model", flags->model, "one of d256, d512, gpt2; without it all of them");
    command->callback([flags, &invocation] { invocation.run = [flags] { return run_training(flags->model, flags->json); }; });
}

}  // namespace emeth::bench
