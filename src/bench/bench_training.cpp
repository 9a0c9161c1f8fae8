#include "bench/bench_training.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/json/value.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench/figures.hpp"
#include "bench/measured_program.hpp"
#include "runtime/child_process.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/processors.hpp"
#include "trainer_protocol/messages.hpp"
#include "trainer_protocol/presets.hpp"
#include "trainer_protocol/trainer_child.hpp"

namespace emeth::bench {

namespace {

/// `sequences` per step: as many as the network trains with would take minutes with the larger models.
struct Trial {
    std::string_view model;
    unsigned steps;
    unsigned sequences;
};
/// What is measured when no model is named. Any other preset can be named.
constexpr std::array trials{Trial{"d256", 8, 64}, Trial{"d512", 2, 48}, Trial{"gpt2", 2, 8}};
constexpr unsigned steps_of_others = 8;
/// The two programs take turns this often, and the best round of each counts: whatever else the machine does affects
/// both alike.
constexpr int rounds = 2;
/// Both train the same model on the same text, from weights of the same distribution: their first losses are this
/// close.
constexpr double first_loss_tolerance = 0.05;
/// Share of the training time, at one failure a day, lost to copying checkpoints and to writing them beside the
/// training.
constexpr double checkpoints_percent_max = 1;
/// Debian's python3, whatever other one comes first in PATH.
constexpr const char* python = "/usr/bin/python3";

boost::json::value run_ours(const Trial& trial, const std::string& device, const Workshop& workshop) {
    fmt::print(stderr, "emeth bench: {}, {} steps: emeth-trainer\n", trial.model, trial.steps);
    return output_of(
        fmt::format("{} benchmark --model {} --device {} --threads {} --steps {} --sequences {} --folder {}",
                    quoted(trainer_protocol::default_trainer_program()), trial.model, quoted(device), processors(),
                    trial.steps, trial.sequences, quoted(workshop.path())));
}

/// The same model and the same work: the peer is given what emeth-trainer printed.
boost::json::value run_peer(const Trial& trial, const boost::json::value& ours) {
    fmt::print(stderr, "emeth bench: {}: Python PyTorch\n", trial.model);
    const auto script = own_program_path().parent_path().parent_path().parent_path() / "bench/training_peer.py";
    return output_of(fmt::format("{} {} {}", python, quoted(script), quoted(json_text(ours))));
}

void require_same_work(const Trial& trial, const boost::json::value& ours, const boost::json::value& peer) {
    const double difference = number(ours, "first_loss") - number(peer, "first_loss");
    if (!(std::abs(difference) <= first_loss_tolerance))
        throw std::runtime_error(
            fmt::format("{}: the first losses differ by {}: the two do not train the same model on the same text",
                        trial.model, difference));
}

void measure(const Trial& trial, const std::string& device, std::vector<Figure>& figures) {
    const Workshop workshop;
    double ours_best = 0, peer_best = 0, gflops_best = 0, peak = 0, lost = 0;
    std::string precision;
    for (int round = 0; round < rounds; ++round) {
        const auto ours = run_ours(trial, device, workshop);
        const auto peer = run_peer(trial, ours);
        require_same_work(trial, ours, peer);
        precision = text(ours, "precision");
        ours_best = std::max(ours_best, number(ours, "tokens_per_s"));
        gflops_best = std::max(gflops_best, number(ours, "gflops"));
        peak = std::max(peak, number(ours, "peak_gflops"));
        lost = std::max(lost, 100 * number(ours, "checkpoint_lost_s") / number(ours, "checkpoint_interval_s"));
        peer_best = std::max(peer_best, number(peer, "tokens_per_s"));
    }
    figures.push_back(
        {fmt::format("{}_vs_python", trial.model), ours_best, "tokens/s " + precision, "Python PyTorch", peer_best});
    figures.push_back(
        {fmt::format("{}_vs_peak", trial.model), gflops_best, "GFLOP/s " + precision, "best square product", peak});
    figures.push_back(
        {fmt::format("{}_checkpoints", trial.model), lost, "% of the time", "bound", checkpoints_percent_max});
}

struct TrainingFlags {
    std::string model;  ///< a preset, or empty: all of `trials`
    std::string device = "cpu";
    bool json = false;
};

int run_training(const TrainingFlags& flags) {
    if (!trainer_protocol::is_device(flags.device)) {
        fmt::print(stderr, "emeth bench: --device is '{}'; expected cpu, cuda, cuda:n or auto\n", flags.device);
        return 2;
    }
    std::vector<Figure> figures;
    if (flags.model.empty()) {
        for (const Trial& trial : trials) measure(trial, flags.device, figures);
    } else {
        const auto preset = trainer_protocol::find_preset(flags.model);
        if (preset.has_error()) {
            fmt::print(stderr, "emeth bench: {}\n", preset.error().message);
            return 2;
        }
        const auto listed = std::ranges::find(trials, preset->name, &Trial::model);
        measure(listed != trials.end() ? *listed : Trial{preset->name, steps_of_others, 0}, flags.device, figures);
    }
    print(figures, flags.json);
    return 0;
}

}  // namespace

void add_training(CLI::App& bench, cli::Invocation& invocation) {
    auto* command = bench.add_subcommand(
        "training", "training tokens/s against Python PyTorch, and the share of the matrix-product peak");
    command->footer(
        "Examples:\n  emeth bench training --model d256\n  emeth bench training --device cuda --model gpt2-medium\n");
    auto flags = std::make_shared<TrainingFlags>();
    command->add_flag("--json", flags->json, "figures as JSON");
    command->add_option("--model", flags->model, "a preset; without it d256, d512 and gpt2");
    command->add_option("--device", flags->device, "cpu, cuda, cuda:n or auto")->capture_default_str();
    command->callback([flags, &invocation] { invocation.run = [flags] { return run_training(*flags); }; });
}

}  // namespace emeth::bench
