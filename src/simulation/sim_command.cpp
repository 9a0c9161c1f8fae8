#include "simulation/sim_command.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "runtime/log.hpp"
#include "runtime/processors.hpp"
#include "runtime/progress_bar.hpp"
#include "runtime/subject_log.hpp"

namespace emeth::simulation {
namespace {

constexpr std::size_t threads_max = 64;
std::array<std::atomic<std::uint64_t>, threads_max> seeds_at_work{};

/// A bug in a pipeline ends the program, by design: the seed of the life must be printed before that.
extern "C" void name_seeds(int) {
    for (const auto& seed : seeds_at_work) {
        if (seed == 0) continue;
        std::array<char, 96> line{};
        char* end = fmt::format_to_n(line.data(), line.size() - 1,
                                     "aborted; repeat with: ./emeth sim --seeds 1 --seed {}\n", seed.load())
                        .out;
        if (::write(STDERR_FILENO, line.data(), static_cast<std::size_t>(end - line.data())) < 0) break;
    }
    std::signal(SIGABRT, SIG_DFL);
    std::raise(SIGABRT);
}

/// The node's own log lines, as part of the story.
class TraceSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit TraceSink(Trace trace) : trace_(std::move(trace)) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        trace_("            " + log_prefix() + std::string(message.payload.data(), message.payload.size()));
    }
    void flush_() override {}
    Trace trace_;
};

int tell_one(std::uint64_t seed) {
    const Trace print = [](const std::string& line) { std::puts(line.c_str()); };
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("life", std::make_shared<TraceSink>(print)));
    spdlog::set_level(spdlog::level::info);
    const LifeReport report = live(seed, print);
    spdlog::set_level(spdlog::level::off);
    std::printf(
        "seed %llu: %llu JOBs, %llu verified, %llu penalties, %llu lost, %llu crashes, %llu power cuts, %llu "
        "reorganisations, %lld s\n",
        static_cast<unsigned long long>(seed), static_cast<unsigned long long>(report.jobs),
        static_cast<unsigned long long>(report.verified), static_cast<unsigned long long>(report.penalties),
        static_cast<unsigned long long>(report.lost), static_cast<unsigned long long>(report.crashes),
        static_cast<unsigned long long>(report.power_cuts), static_cast<unsigned long long>(report.reorganisations),
        static_cast<long long>(report.virtual_s));
    for (const auto& violation : report.violations) std::printf("VIOLATION: %s\n", violation.c_str());
    return report.violations.empty() ? 0 : 1;
}

int run_sim(std::uint64_t seeds, std::uint64_t first, unsigned threads) {
    if (seeds == 1) return tell_one(first);
    LifeReport sum;
    std::optional<LifeReport> worst;
    std::uint64_t lives = 0;
    ProgressBar bar("lives", seeds, ProgressUnit::count, system_clock());
    live_many(first, seeds, threads, [&](const LifeReport& report) {
        bar.update(++lives);
        sum.jobs += report.jobs;
        sum.verified += report.verified;
        sum.penalties += report.penalties;
        sum.crashes += report.crashes;
        sum.power_cuts += report.power_cuts;
        sum.reorganisations += report.reorganisations;
        if (!report.violations.empty() && (!worst || report.seed < worst->seed)) worst = report;
        return !worst;
    });
    std::printf("%s\n", fmt::format("{} lives, {} JOBs: {} verified, {} penalties that could not be helped, {} crashes "
                                    "({} with the power), {} reorganisations",
                                    lives, sum.jobs, sum.verified, sum.penalties, sum.crashes, sum.power_cuts,
                                    sum.reorganisations)
                            .c_str());
    if (!worst) return 0;
    tell_one(worst->seed);
    std::printf("repeat with: ./emeth sim --seeds 1 --seed %llu\n", static_cast<unsigned long long>(worst->seed));
    return 1;
}

}  // namespace

void live_many(std::uint64_t first, std::uint64_t count, unsigned threads,
               const std::function<bool(const LifeReport&)>& go_on) {
    spdlog::set_level(spdlog::level::off);
    std::signal(SIGABRT, name_seeds);
    std::atomic<std::uint64_t> next{first};
    std::atomic<bool> stop{false};
    std::mutex telling;
    std::vector<std::thread> workers;
    for (unsigned thread = 0; thread < std::min<std::size_t>(threads, threads_max); ++thread)
        workers.emplace_back([&, thread] {
            for (std::uint64_t seed = next++; seed < first + count && !stop; seed = next++) {
                seeds_at_work.at(thread) = seed;
                const LifeReport report = live(seed);
                const std::lock_guard lock(telling);
                if (!stop && !go_on(report)) stop = true;
            }
            seeds_at_work.at(thread) = 0;
        });
    for (auto& worker : workers) worker.join();
}

void add_sim(CLI::App& app, cli::Invocation& invocation) {
    struct Options {
        std::uint64_t seeds = 1'000, seed = 1;
        unsigned threads = processors();
    };
    const auto options = std::make_shared<Options>();
    auto* sim = app.add_subcommand("sim",
                                   "lives of a node from seeds, over a simulated network in which everything fails; "
                                   "exit code 1 when something happened that must not");
    sim->add_option("--seeds", options->seeds, "how many lives, each of about 20 JOBs and several crashes")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    sim->add_option("--seed", options->seed, "the first one")->check(CLI::PositiveNumber)->capture_default_str();
    sim->add_option("--threads", options->threads, "lives at once")
        ->check(CLI::Range(1U, static_cast<unsigned>(threads_max)))
        ->capture_default_str();
    sim->footer("Examples:\n  emeth sim --seeds 20000\n  emeth sim --seeds 1 --seed 4711     one life, told in full\n");
    sim->callback([options, &invocation] {
        invocation.run = [options] { return run_sim(options->seeds, options->seed, options->threads); };
    });
}

}  // namespace emeth::simulation
