#include "bench/bench_inspection.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bench/figures.hpp"
#include "bench/filled_store.hpp"
#include "bench/finished_jobs.hpp"
#include "bench/measured_program.hpp"
#include "cli/program.hpp"
#include "harness/emeth_process.hpp"
#include "node/data_folder.hpp"
#include "runtime/log.hpp"
#include "runtime/processors.hpp"
#include "storage/bulk_load.hpp"
#include "storage/store.hpp"

namespace emeth::bench {

namespace {

constexpr std::uint64_t active_jobs = 100;
constexpr std::size_t rounds = 5;
// What is wanted of a store with a million JOBs.
constexpr double list_ms_max = 100, dump_jobs_min = 100'000, verify_jobs_min = 20'000;

struct InspectionFlags {
    std::uint64_t jobs = 1'000'000;
    std::string past;
    bool json = false;
};

Result<void> add_active(const std::filesystem::path& store, std::uint64_t first) {
    auto load = storage::BulkLoad::open(store);
    if (load.has_error()) return load.error();
    for (std::uint64_t number = first; number < first + active_jobs; ++number) {
        const Life life = training_life(number);
        if (auto added = (*load)->add(life.job, life.history, life.transactions); added.has_error()) return added;
    }
    return (*load)->finish();
}

/// A data folder whose store is filled; flags.past if it is given, and then filled only if it does not exist.
Result<void> make_past(const std::filesystem::path& data, const InspectionFlags& flags) {
    if (std::filesystem::exists(node::store_folder(data))) return {};
    if (auto room = check_room(flags.jobs); room.has_error()) return room;
    std::filesystem::create_directories(data);
    if (auto filled = fill_store(node::store_folder(data), flags.jobs); filled.has_error()) return filled;
    return add_active(node::store_folder(data), flags.jobs);
}

/// From exec to exit of `emeth state list --active`: the median.
Task<Result<double>> list_ms(std::filesystem::path data, std::filesystem::path log) {
    std::vector<double> times;
    for (std::size_t round = 0; round < rounds; ++round) {
        std::vector<std::string> arguments{"state", "list", "--active", "--data", data.string()};
        const auto begun = std::chrono::steady_clock::now();
        const auto listed = co_await harness::run_emeth(std::move(arguments), log);
        if (listed.has_error()) co_return listed.error();
        times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
    }
    std::ranges::sort(times);
    co_return times[rounds / 2];
}

struct Measured {
    double seconds = 0;
    std::uint64_t bytes = 0;
};

Result<Measured> dump(const storage::Inspection& inspection) {
    Measured measured;
    const auto begun = std::chrono::steady_clock::now();
    const auto done =
        inspection.dump([&](std::string_view lines) { measured.bytes += lines.size(); }, {processors(), {}});
    if (done.has_error()) return done.error();
    measured.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    return measured;
}

Result<double> verify_seconds(const storage::Inspection& inspection, std::uint64_t jobs) {
    const auto begun = std::chrono::steady_clock::now();
    const auto found = inspection.verify({processors(), {}});
    if (found.has_error()) return found.error();
    if (found->jobs != jobs) return permanent_error(fmt::format("{} JOBs were verified, not {}", found->jobs, jobs));
    if (found->problems_found > 0) return permanent_error(found->problems.front());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

Task<Result<void>> measure(InspectionFlags flags) {
    const Workshop workshop;
    const std::filesystem::path data = flags.past.empty() ? workshop / "node" : std::filesystem::path(flags.past);
    if (auto made = make_past(data, flags); made.has_error()) co_return made;
    const auto list = co_await list_ms(data, workshop / "list.log");
    if (list.has_error()) co_return list.error();
    const auto store = storage::NodeStore::open(node::store_folder(data), storage::OpenMode::read_only);
    if (store.has_error()) co_return store.error();
    const auto jobs = flags.jobs + active_jobs;
    const auto dumped = dump((*store)->inspection());
    if (dumped.has_error()) co_return dumped.error();
    const auto verified = verify_seconds((*store)->inspection(), jobs);
    if (verified.has_error()) co_return verified.error();
    const auto all = static_cast<double>(jobs);
    fmt::print(stderr, "emeth bench: dump of {:.1f} GB in {:.1f} s, verification in {:.1f} s\n",
               static_cast<double>(dumped->bytes) / 1e9, dumped->seconds, *verified);
    print({{"list_active", *list, "ms", "at most", list_ms_max},
           {"dump", all / dumped->seconds, "JOBs/s", "at least", dump_jobs_min},
           {"verify", all / *verified, "histories/s", "at least", verify_jobs_min}},
          flags.json);
    co_return Result<void>{};
}

}  // namespace

void add_inspection(CLI::App& bench, cli::Invocation& invocation) {
    auto* command = bench.add_subcommand(
        "inspection", "a store with a million finished and 100 active JOBs: list of the active ones, dump, verify");
    command->footer(
        "It first fills a store below the current folder, which takes minutes and several GB.\n\n"
        "Example:\n  emeth bench inspection --json\n");
    auto flags = std::make_shared<InspectionFlags>();
    command->add_flag("--json", flags->json, "figures as JSON");
    command->add_option("--jobs", flags->jobs, "finished JOBs")
        ->capture_default_str()
        ->check(CLI::Range(1, 10'000'000));
    command
        ->add_option("--past", flags->past,
                     "data folder that an earlier run filled, or where to keep this one's; needs the same --jobs")
        ->type_name("DIR");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            init_logging("bench", "error");
            return cli::run_task("bench", [&](asio::any_io_executor) { return measure(*flags); });
        };
    });
}

}  // namespace emeth::bench
