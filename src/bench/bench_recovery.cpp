#include "bench/bench_recovery.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/chain_jobs.hpp"
#include "bench/devnet_run.hpp"
#include "bench/figures.hpp"
#include "bench/filled_store.hpp"
#include "bench/finished_jobs.hpp"
#include "bench/measured_program.hpp"
#include "cli/program.hpp"
#include "crypto/key_file.hpp"
#include "harness/emeth_process.hpp"
#include "network/devnet/free_port.hpp"
#include "node/admin/admin_socket.hpp"
#include "node/data_folder.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/process_stat.hpp"
#include "runtime/random.hpp"
#include "storage/bulk_load.hpp"
#include "storage/store.hpp"

namespace emeth::bench {

namespace {

constexpr std::size_t rounds = 3;
constexpr std::size_t active_jobs = 100;
constexpr Milliseconds look_again{5}, admin_timeout{2'000}, start_limit{120'000}, settling_limit{60'000},
    cpu_window{1'000};
constexpr double idle_share = 0.2;
constexpr std::size_t jobs_seen_max = 1'000;

struct RecoveryFlags {
    std::uint64_t finished = 1'000'000;
    std::string past;
    bool json = false;
};

/// The figures of one start of a master.
struct Start {
    double ms = 0, settled_ms = 0, rss_mb = 0, peak_mb = 0;
};

/// Fills the store, or copies it from flags.past, which is filled first if it does not exist.
Result<void> make_past(const std::filesystem::path& store, const RecoveryFlags& flags) {
    if (flags.past.empty()) return fill_store(store, flags.finished);
    if (!std::filesystem::exists(flags.past))
        if (auto filled = fill_store(flags.past, flags.finished); filled.has_error()) return filled;
    std::error_code error;
    std::filesystem::copy(flags.past, store, std::filesystem::copy_options::recursive, error);
    if (error)
        return transient_error(fmt::format("cannot copy {} to {}: {}", flags.past, store.string(), error.message()));
    return {};
}

Result<void> add_active(const std::filesystem::path& store, const ChainJobs& jobs) {
    auto load = storage::BulkLoad::open(store);
    if (load.has_error()) return load.error();
    for (std::size_t number = 0; number < jobs.jobs.size(); ++number) {
        const Life life = active_life(jobs.jobs[number]);
        if (auto added = (*load)->add(life.job, life.history, {jobs.transactions[number]}); added.has_error())
            return added;
    }
    return (*load)->finish();
}

/// Processor time so far, s; 0 if the process is gone.
double cpu_s(pid_t pid) {
    const auto stat = read_process_stat(pid);
    return stat ? static_cast<double>(stat->cpu_ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK)) : 0;
}

/// Waits for the work that a start leaves in the background: until a second passes with little processor time.
Task<> settle(pid_t pid) {
    const auto begun = system_clock().monotonic();
    for (double before = -1, now = cpu_s(pid);
         now - before > idle_share && system_clock().monotonic() - begun < settling_limit;
         before = now, now = cpu_s(pid))
        co_await system_clock().sleep(cpu_window);
}

/// How many JOBs the master has resumed at least `restarts` times; empty while it does not answer.
Task<std::optional<std::size_t>> taken_up(std::filesystem::path data, std::uint64_t restarts) {
    const auto status = co_await node::ask_master(node::admin_socket(data), "status", {}, admin_timeout);
    if (status.has_error()) co_return std::nullopt;
    JsonObject fields(*status, "status");
    std::size_t count = 0;
    for (auto& job : fields.objects("jobs", jobs_seen_max))
        if (job.u64("restarts") >= restarts) ++count;
    if (fields.check().has_error()) co_return std::nullopt;
    co_return count;
}

/// Times a master from exec until it answers and has committed its Restarted for `jobs` JOBs, then kills it.
Task<Result<Start>> measure_start(std::filesystem::path folder, std::string name, std::size_t jobs,
                                  std::uint64_t round) {
    const auto data = folder / name, log = folder / (name + ".log");
    std::filesystem::remove(node::admin_socket(data));  // left by the master killed before
    std::vector<std::string> arguments{"master", "--config", (folder / "master.env").string(), "--data", data.string()};
    const auto begun = system_clock().monotonic();
    auto master = harness::start_emeth(co_await asio::this_coro::executor, std::move(arguments), log);
    if (master.has_error()) co_return master.error();
    for (;;) {
        const auto count = co_await taken_up(data, round);
        if (count && *count >= jobs) break;
        if (system_clock().monotonic() - begun > start_limit)
            co_return permanent_error(fmt::format("the master has not resumed {} JOBs within {} s: {}; see {}", jobs,
                                                  start_limit.count() / 1'000, harness::last_line(log), log.string()));
        co_await system_clock().sleep(look_again);
    }
    Start start;
    start.ms = static_cast<double>((system_clock().monotonic() - begun).count());
    co_await settle(master->pid());
    start.settled_ms = static_cast<double>((system_clock().monotonic() - begun).count());
    start.rss_mb = memory_mb(master->pid(), "VmRSS");
    start.peak_mb = memory_mb(master->pid(), "VmHWM");
    master->signal(SIGKILL);
    co_await master->wait();
    co_return start;
}

double median(std::array<double, rounds> values) {
    std::sort(values.begin(), values.end());
    return values[rounds / 2];
}

Start median(const std::array<Start, rounds>& starts) {
    const auto of = [&starts](double Start::* field) {
        std::array<double, rounds> values{};
        std::transform(starts.begin(), starts.end(), values.begin(),
                       [field](const Start& start) { return start.*field; });
        return median(values);
    };
    return {of(&Start::ms), of(&Start::settled_ms), of(&Start::rss_mb), of(&Start::peak_mb)};
}

Task<Result<void>> measure(network::Devnet& devnet, std::filesystem::path folder, RecoveryFlags flags) {
    const auto key = crypto::load_or_generate_key_file(folder / "node.key", system_random());
    if (key.has_error()) co_return key.error();
    const auto port = network::free_port(co_await asio::this_coro::executor);
    if (port.has_error()) co_return port.error();
    const auto settings = devnet.node_settings() +
                          fmt::format("privateKey_file={}\nworker_port={}\n", (folder / "node.key").string(), *port);
    if (auto written = write_file_durably(folder / "master.env", settings, 0600); written.has_error())
        co_return written;
    const auto jobs =
        co_await put_active_jobs(devnet, key->address(), flags.finished * transactions_a_job, active_jobs);
    if (jobs.has_error()) co_return in_context("putting JOBs on chain", jobs.error());
    if (auto added = add_active(node::store_folder(folder / "full"), *jobs); added.has_error()) co_return added;

    std::array<Start, rounds> empty{}, full{};
    for (std::size_t round = 0; round < rounds; ++round) {
        const auto without = co_await measure_start(folder, "empty", 0, 0);
        if (without.has_error()) co_return without.error();
        const auto with = co_await measure_start(folder, "full", active_jobs, round + 1);
        if (with.has_error()) co_return with.error();
        empty[round] = *without;
        full[round] = *with;
        fmt::print(stderr,
                   "emeth bench: start {} of {}: empty {:.0f} ms, {:.0f} MB; full {:.0f} ms, {:.0f} MB (peak {:.0f} "
                   "MB, idle after {:.0f} ms)\n",
                   round + 1, rounds, without->ms, without->rss_mb, with->ms, with->rss_mb, with->peak_mb,
                   with->settled_ms);
    }
    const Start first = median(empty), last = median(full);
    print({{"start_ms", last.ms, "ms", "an empty store", first.ms},
           {"rss_mb", last.rss_mb, "MB", "an empty store", first.rss_mb},
           {"peak_rss_mb", last.peak_mb, "MB", "an empty store", first.peak_mb}},
          flags.json);
    co_return Result<void>{};
}

Task<Result<void>> run_recovery(RecoveryFlags flags, std::filesystem::path anvil) {
    if (auto room = check_room(flags.finished); room.has_error()) co_return room;
    const Workshop workshop;
    const auto folder = workshop.path();
    for (const char* name : {"empty", "full"})
        if (auto made = create_folder(folder / name, 0700); made.has_error()) co_return made;
    if (auto filled = make_past(node::store_folder(folder / "full"), flags); filled.has_error()) co_return filled;
    ::sync();  // else the first start would wait for what the filling left in the cache
    auto measuring = beside_devnet(folder, std::move(anvil),
                                   [&](network::Devnet& devnet) { return measure(devnet, folder, flags); });
    co_return co_await std::move(measuring);
}

}  // namespace

void add_recovery(CLI::App& bench, cli::Invocation& invocation) {
    auto* command = bench.add_subcommand(
        "recovery",
        "start of a master with a million finished and 100 active JOBs against an empty store: time and memory");
    command->footer(
        "It first fills a store below the current folder, which takes minutes and several GB.\n\n"
        "Example:\n  emeth bench recovery --json\n");
    auto flags = std::make_shared<RecoveryFlags>();
    command->add_flag("--json", flags->json, "figures as JSON");
    command->add_option("--finished", flags->finished, "finished JOBs")
        ->capture_default_str()
        ->check(CLI::Range(1, 10'000'000));
    command
        ->add_option("--past", flags->past,
                     "store that an earlier run filled, or where to keep this one's; needs the same --finished")
        ->type_name("DIR");
    run_with_anvil(*command, invocation,
                   [flags](std::filesystem::path anvil) { return run_recovery(*flags, std::move(anvil)); });
}

}  // namespace emeth::bench
