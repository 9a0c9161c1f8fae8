#include "bench/bench_cooperation.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "bench/figures.hpp"
#include "bench/measured_program.hpp"
#include "bench/shaped_link.hpp"
#include "cli/program.hpp"
#include "crypto/sha256.hpp"
#include "harness/english_text.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/log.hpp"
#include "runtime/race.hpp"
#include "runtime/with_timeout.hpp"
#include "trainer_protocol/presets.hpp"
#include "trainer_protocol/trainer_child.hpp"

namespace emeth::bench {

namespace {

namespace fs = std::filesystem;
using namespace trainer_protocol;

struct LinkTrial {
    const char* name;  ///< in the figure's name
    unsigned mbit_per_s;
};
constexpr std::array links{LinkTrial{"1gbit", 1'000}, LinkTrial{"100mbit", 100}};

/// The first steps of a group are slow: memory is touched for the first time, the shares are guesses, and a leader
/// alone still writes its first state to the disk.
constexpr std::uint64_t steps_to_warm_up = 2;
constexpr std::uint64_t steps_measured_min = 3;
constexpr double seconds_measured_min = 5;
/// So long a training does not end while it is measured, and writes a state for the evidence only every 32 steps.
constexpr double steps_per_epoch = 512;
constexpr std::uint32_t epochs = 100;
/// None is due meanwhile.
constexpr std::uint32_t checkpoint_interval_ms = 24 * 3'600 * 1'000;
constexpr Milliseconds start_limit{600'000}, measurement_limit{3'600'000};

struct CooperationFlags {
    std::string model = "d512";
    bool json = false;
};

double tokens_per_step(const Preset& preset) {
    return static_cast<double>(preset.sequences_per_step * preset.context);
}

/// Whole steps, and how long they took.
struct Pace {
    std::uint64_t steps = 0;
    double seconds = 0;

    [[nodiscard]] double step_s() const { return seconds / static_cast<double>(steps); }
};

/// Takes the time whenever a step is reported to be done, once the first steps of a group are over.
class StepClock {
public:
    /// The pace, when enough has been seen.
    std::optional<Pace> step_done(std::uint64_t step) {
        const Mark now{step, std::chrono::steady_clock::now()};
        if (!first_step_) first_step_ = step;
        if (!begin_) {
            if (step + 1 >= *first_step_ + steps_to_warm_up) begin_ = now;
            return std::nullopt;
        }
        const Pace pace{step - begin_->step, std::chrono::duration<double>(now.time - begin_->time).count()};
        if (pace.steps < steps_measured_min || pace.seconds < seconds_measured_min) return std::nullopt;
        return pace;
    }
    [[nodiscard]] bool has_begun() const { return first_step_.has_value(); }

private:
    struct Mark {
        std::uint64_t step;
        std::chrono::steady_clock::time_point time;
    };
    std::optional<std::uint64_t> first_step_;
    std::optional<Mark> begin_;
};

/// The next report. What ends a trainer is an Error: none is to end by itself here.
Task<Result<TrainerReport>> next_report(TrainerChild* trainer) {
    auto report = co_await trainer->next();
    if (report.has_error()) co_return report.error();
    if (const auto* failed = std::get_if<Failed>(&*report))
        co_return transient_error("emeth-trainer: " + failed->message);
    if (std::holds_alternative<Trained>(*report) || std::holds_alternative<Helped>(*report))
        co_return transient_error("the JOB was trained to its end before enough steps were measured");
    co_return report;
}

Task<Result<Rendezvous>> rendezvous_of(TrainerChild* leader) {
    for (;;) {
        const auto report = co_await next_report(leader);
        if (report.has_error()) co_return report.error();
        if (const auto* opened = std::get_if<RendezvousOpened>(&*report)) co_return opened->rendezvous;
        if (std::holds_alternative<Prepared>(*report))
            co_return permanent_error("the leader lets nobody in: this build's libtorch came without Gloo's headers");
    }
}

/// Of the leader, while so many train together.
Task<Result<Pace>> pace_of(TrainerChild* leader, std::uint32_t workers) {
    StepClock clock;
    for (;;) {
        const auto report = co_await next_report(leader);
        if (report.has_error()) co_return report.error();
        const auto* progress = std::get_if<Progress>(&*report);
        if (progress == nullptr || progress->stage != "training") continue;
        if (progress->workers == workers) {
            if (const auto pace = clock.step_done(progress->step)) co_return *pace;
        } else if (clock.has_begun()) {
            co_return transient_error(
                fmt::format("{} workers trained together, and then {}", workers, progress->workers));
        }
    }
}

/// Only an Error ends it.
Task<Result<Pace>> until_it_ends(TrainerChild* helper) {
    for (;;) {
        const auto report = co_await next_report(helper);
        if (report.has_error()) co_return in_context("the helper", report.error());
    }
}

/// Two processors of different cores, where this process may use such ones.
Result<std::pair<int, int>> two_processors() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    ::sched_getaffinity(0, sizeof allowed, &allowed);
    std::vector<int> found;
    for (int processor = 0; processor < CPU_SETSIZE; ++processor)
        if (CPU_ISSET(processor, &allowed)) found.push_back(processor);
    if (found.size() < 2) return permanent_error("two trainers with a core each need two processors, not one");
    const auto threads_of_core = [](int processor) {
        return read_file(fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", processor), 4'096);
    };
    const auto first = threads_of_core(found[0]);
    for (const int other : found) {
        const auto second = threads_of_core(other);
        if (first && second && *first != *second) return std::pair(found[0], other);
    }
    return std::pair(found[0], found[1]);
}

/// The folders, programs and requests of the two trainers.
class Trainers {
public:
    Trainers(const Workshop& workshop, fs::path program, std::string_view model)
        : workshop_(workshop), program_(std::move(program)), model_(model) {}

    /// `text` becomes the dataset of both.
    Result<void> prepare(const fs::path& text, const ShapedLink& link) {
        const auto processors = two_processors();
        if (processors.has_error()) return processors.error();
        const auto sha256 = crypto::sha256_of_file(text);
        if (sha256.has_error()) return sha256.error();
        dataset_ = *sha256;
        for (const char* name : {"leader", "helper"}) {
            if (auto made = create_folder(workshop_ / name, 0700); made.has_error()) return made;
            fs::create_hard_link(text, workshop_ / name / "dataset");
        }
        if (auto made = write_starter("leader", "", processors->first); made.has_error()) return made;
        return write_starter("helper", link.at_far_end(), processors->second);
    }

    Task<Result<TrainerChild>> start_leader() const {
        return TrainerChild::start(workshop_ / "start-leader", request("leader", ShapedLink::near_address),
                                   workshop_ / "leader.log");
    }
    Task<Result<TrainerChild>> start_helper(Rendezvous leader) const {
        HelpRequest help{request("helper", ShapedLink::far_address), std::move(leader)};
        return TrainerChild::start(workshop_ / "start-helper", std::move(help), workshop_ / "helper.log");
    }

private:
    /// A trainer on one processor, as a program that needs no arguments.
    Result<void> write_starter(const std::string& name, const std::string& place, int processor) const {
        const std::string script =
            fmt::format("#!/bin/sh\nexec {}taskset -c {} {}\n", place, processor, quoted(program_.string()));
        return write_file_durably(workshop_.path() / ("start-" + name), script, 0700);
    }

    [[nodiscard]] TrainRequest request(const char* folder, const char* address) const {
        TrainRequest train;
        train.job = JobSpec{JobId{{0xc0, 0x0b}}, "en", epochs, model_};
        train.folder = workshop_ / folder;
        train.dataset_sha256 = dataset_;
        train.compute.threads = 1;
        train.compute.checkpoint_interval_ms = checkpoint_interval_ms;
        // Without trial steps: a helper that is of no use is to stay, and be measured.
        train.cooperation = CooperationOptions{.host = address, .trial_steps = 0};
        return train;
    }

    const Workshop& workshop_;
    fs::path program_;
    std::string model_;
    Hash256 dataset_;
};

/// Starts a helper, measures the two, and ends the helper.
Task<Result<Pace>> pace_together(const Trainers* trainers, TrainerChild* leader, Rendezvous rendezvous) {
    auto helper = co_await trainers->start_helper(std::move(rendezvous));
    if (helper.has_error()) co_return helper.error();
    Task<Result<Pace>> measured = pace_of(leader, 2);
    Task<Result<Pace>> ended = until_it_ends(&*helper);
    co_return co_await race(std::move(measured), std::move(ended));
}

void tell(const std::string& what, std::uint32_t workers, const Pace& pace) {
    fmt::print(stderr, "emeth bench: {}: {}, {} steps, {:.3f} s each\n", what,
               workers == 1 ? "1 worker" : fmt::format("{} workers", workers), pace.steps, pace.step_s());
}

Task<Result<std::vector<Figure>>> measure_trainers(const Trainers* trainers, ShapedLink* link, Preset preset) {
    auto leader = co_await trainers->start_leader();
    if (leader.has_error()) co_return leader.error();
    Task<Result<Rendezvous>> opening = rendezvous_of(&*leader);
    const auto rendezvous = co_await with_timeout(std::move(opening), start_limit, "the start of emeth-trainer");
    if (rendezvous.has_error()) co_return rendezvous.error();
    Task<Result<Pace>> measured = pace_of(&*leader, 1);
    const auto alone = co_await with_timeout(std::move(measured), measurement_limit, "the training alone");
    if (alone.has_error()) co_return alone.error();
    tell(std::string(preset.name), 1, *alone);

    std::vector<Figure> figures;
    for (const LinkTrial& trial : links) {
        const auto speed = link->limit(trial.mbit_per_s);
        if (speed.has_error()) co_return speed.error();
        fmt::print(stderr, "emeth bench: the link carries {:.0f} Mbit/s, a round trip takes {:.2f} ms\n",
                   speed->mbit_per_s, speed->round_trip_ms);
        const std::string name = fmt::format("{}_{}", preset.name, trial.name);
        Task<Result<Pace>> together = pace_together(trainers, &*leader, *rendezvous);
        const auto pace = co_await with_timeout(std::move(together), measurement_limit, "the training together");
        if (pace.has_error()) co_return in_context(name, pace.error());
        tell(name, 2, *pace);
        figures.push_back({name, tokens_per_step(preset) / pace->step_s(), "tokens/s " + rendezvous->precision,
                           "one worker alone", tokens_per_step(preset) / alone->step_s()});
    }
    co_return figures;
}

Task<Result<void>> measure(fs::path program, Preset preset, ShapedLink* link, bool json) {
    const Workshop workshop;
    const double text_bytes = steps_per_epoch * tokens_per_step(preset) * preset.bytes_per_token;
    std::vector<std::uint64_t> sizes{static_cast<std::uint64_t>(text_bytes)};
    const auto texts = co_await harness::write_texts(workshop.path(), std::move(sizes));
    if (texts.has_error()) co_return texts.error();
    Trainers trainers(workshop, std::move(program), preset.name);
    if (auto prepared = trainers.prepare(texts->front(), *link); prepared.has_error()) co_return prepared;
    fmt::print(stderr, "emeth bench: {}: emeth-trainer alone, then with another over each link\n", preset.name);
    const auto figures = co_await measure_trainers(&trainers, link, preset);
    if (figures.has_error()) co_return figures.error();
    print(*figures, json);
    co_return Result<void>{};
}

int run_cooperation(const CooperationFlags& flags) {
    init_logging("bench", "error");
    const auto preset = find_preset(flags.model);
    if (preset.has_error()) return cli::fail("bench cooperation", preset.error(), cli::exit_usage);
    const fs::path program = default_trainer_program();  // its folder is not known in every namespace
    auto link = ShapedLink::make();                      // before there are threads
    if (link.has_error()) return cli::fail("bench cooperation", link.error(), cli::exit_failed);
    return cli::run_task("bench cooperation",
                         [&](asio::any_io_executor) { return measure(program, *preset, &*link, flags.json); });
}

}  // namespace

void add_cooperation(CLI::App& bench, cli::Invocation& invocation) {
    auto* command =
        bench.add_subcommand("cooperation", "two workers on one JOB over 1 Gbit/s and 100 Mbit/s, against one alone");
    command->footer(
        "Each has one core. The link joins two network namespaces, which takes root, or a user who may make namespaces "
        "and a kernel with netem. With d512 it takes 6 to 12 minutes.\n\n"
        "Examples:\n  emeth bench cooperation\n  emeth bench cooperation --model d256 --json\n");
    auto flags = std::make_shared<CooperationFlags>();
    command->add_flag("--json", flags->json, "figures as JSON");
    command->add_option("--model", flags->model, "preset")->capture_default_str();
    command->callback([flags, &invocation] { invocation.run = [flags] { return run_cooperation(*flags); }; });
}

}  // namespace emeth::bench
