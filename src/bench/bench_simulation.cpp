#include "bench/bench_simulation.hpp"

#include <memory>
#include <vector>

#include "bench/figures.hpp"
#include "runtime/clock.hpp"
#include "runtime/processors.hpp"
#include "simulation/sim_command.hpp"

namespace emeth::bench {
namespace {

constexpr Milliseconds measured_for{10'000};
constexpr double needed_lives_per_s = 500;

int run_simulation(bool json) {
    const auto began = system_clock().monotonic();
    std::uint64_t jobs = 0, crashes = 0, nodes = 0;
    bool held = true;
    simulation::live_many(1, 1'000'000, processors(), [&](const simulation::LifeReport& report) {
        jobs += report.jobs;
        crashes += report.crashes;
        ++nodes;
        held = held && report.violations.empty();
        return held && system_clock().monotonic() - began < measured_for;
    });
    const double seconds = static_cast<double>((system_clock().monotonic() - began).count()) / 1'000;
    const auto number = [](std::uint64_t count) { return static_cast<double>(count); };
    print({{"job_lives", number(jobs) / seconds, "JOB lives/s", "needed", needed_lives_per_s},
           {"crashes_per_node", number(crashes) / number(nodes), "crashes", "needed", 4}},
          json);
    return held ? 0 : 1;
}

}  // namespace

void add_simulation(CLI::App& bench, cli::Invocation& invocation) {
    auto* command = bench.add_subcommand(
        "simulation", "JOB lives/s of the simulator on all cores, and the crashes in each node's life");
    command->footer("Example:\n  emeth bench simulation --json\n");
    auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "figures as JSON");
    command->callback([json, &invocation] { invocation.run = [json] { return run_simulation(*json); }; });
}

}  // namespace emeth::bench
