#include "bench/bench_store.hpp"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/figures.hpp"
#include "bench/measured_program.hpp"
#include "storage/store.hpp"

namespace emeth::bench {

namespace {

namespace sm = statemachine;
using SteadyClock = std::chrono::steady_clock;

constexpr double seconds_per_figure = 2;
constexpr std::size_t record_bytes = 400;  // what a record and a history entry of such a JOB take
constexpr std::size_t history_bytes = 120;

JobId job_id(std::size_t number) {
    JobId id;
    for (std::size_t byte = 0; byte < 8; ++byte) id.bytes[15 - byte] = static_cast<std::uint8_t>(number >> (8 * byte));
    return id;
}

/// Runs `step(thread, turn)` on `threads` threads for seconds_per_figure; returns steps/s.
double rate(std::size_t threads, const std::function<void(std::size_t, std::size_t)>& step) {
    std::atomic<std::uint64_t> steps{0};
    std::atomic<bool> over{false};
    std::vector<std::thread> workers;
    const auto begin = SteadyClock::now();
    for (std::size_t thread = 0; thread < threads; ++thread)
        workers.emplace_back([&, thread] {
            for (std::size_t turn = 0; !over.load(std::memory_order_relaxed); ++turn) {
                step(thread, turn);
                steps.fetch_add(1, std::memory_order_relaxed);
            }
        });
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds_per_figure));
    over = true;
    for (auto& worker : workers) worker.join();
    return static_cast<double>(steps) / std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

/// One JOB per thread; each step commits one event.
double store_rate(const std::filesystem::path& folder, std::size_t jobs) {
    auto store = storage::NodeStore::open(folder, storage::OpenMode::read_write).value();
    std::vector<sm::Job> records;
    for (std::size_t number = 0; number < jobs; ++number) {
        sm::Discovered discovered;
        discovered.terms.id = job_id(number + 1);
        discovered.terms.dataset = "0123456789abcdef0123456789abcdef.txt";
        discovered.terms.param = R"({"language":"en","epoch":2})";
        records.push_back(store->jobs().create(discovered, 1).value());
    }
    return rate(jobs, [&](std::size_t thread, std::size_t turn) {
        sm::Restarted restarted{"bench"};
        auto applied = store->jobs().apply(records[thread], {static_cast<std::int64_t>(turn), std::move(restarted)});
        records[thread] = std::move(applied.value().job);
    });
}

double raw_rate(const std::filesystem::path& folder, std::size_t threads) {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* opened = nullptr;
    if (!rocksdb::DB::Open(options, folder.string(), &opened).ok())
        throw ErrorException(transient_error("RocksDB cannot open " + folder.string()));
    const std::unique_ptr<rocksdb::DB> db(opened);
    const std::string record(record_bytes, 'r'), history(history_bytes, 'h');
    rocksdb::WriteOptions synced;
    synced.sync = true;
    return rate(threads, [&](std::size_t thread, std::size_t turn) {
        rocksdb::WriteBatch batch;
        batch.Put(fmt::format("job/{:016x}", thread), record);
        batch.Put(fmt::format("history/{:016x}/{:016x}", thread, turn), history);
        if (!db->Write(synced, &batch).ok())
            throw ErrorException(transient_error("RocksDB cannot write to " + folder.string()));
    });
}

int run_store(bool json) {
    std::vector<Figure> figures;
    for (const std::size_t jobs : {1, 16, 256}) {
        const Workshop workshop;
        const double ours = store_rate(workshop / "store", jobs);
        const double raw = raw_rate(workshop / "raw", jobs);
        figures.push_back({fmt::format("transitions_{}", jobs), ours, "transitions/s",
                           fmt::format("raw synced batches, {} threads", jobs), raw});
    }
    print(figures, json);
    return 0;
}

}  // namespace

void add_store(CLI::App& bench, cli::Invocation& invocation) {
    auto* command =
        bench.add_subcommand("store", "durable transitions/s against raw RocksDB synced batches of the same bytes");
    command->footer("Example:\n  emeth bench store --json\n");
    auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "figures as JSON");
    command->callback([json, &invocation] { invocation.run = [json] { return run_store(*json); }; });
}

}  // namespace emeth::bench
