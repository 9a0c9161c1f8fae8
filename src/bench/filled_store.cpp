#include "bench/filled_store.hpp"

#include <fmt/format.h>

#include "bench/finished_jobs.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/progress_bar.hpp"
#include "storage/bulk_load.hpp"
#include "storage/store.hpp"

namespace emeth::bench {

namespace {

constexpr std::uint64_t bytes_a_job = 8'000;  // twice what a JOB takes, to leave room for compactions
constexpr std::uint64_t spare_bytes = 1 << 30;

std::uint64_t bytes_below(const std::filesystem::path& folder) {
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.is_regular_file()) bytes += entry.file_size();
    return bytes;
}

}  // namespace

Result<void> check_room(std::uint64_t jobs) {
    const auto room = free_bytes(std::filesystem::current_path());
    if (room.has_error()) return room.error();
    const auto needed = jobs * bytes_a_job + spare_bytes;
    if (*room >= needed) return {};
    return transient_error(fmt::format("{} has {} GB free, and {} are needed: run it in a folder on a larger disk",
                                       std::filesystem::current_path().string(), *room >> 30, needed >> 30));
}

Result<void> fill_store(const std::filesystem::path& store, std::uint64_t jobs) {
    const auto begun = system_clock().monotonic();
    auto load = storage::BulkLoad::open(store);
    if (load.has_error()) return load.error();
    ProgressBar bar("filling the store", jobs, ProgressUnit::count, system_clock());
    std::size_t entries = 0;
    for (std::uint64_t number = 0; number < jobs; ++number) {
        const Life life = finished_life(number);
        entries = life.history.size();
        if (auto added = (*load)->add(life.job, life.history, life.transactions); added.has_error()) return added;
        bar.update(number + 1);
    }
    if (auto finished = (*load)->finish(); finished.has_error()) return finished;
    load->reset();
    const auto filled = storage::NodeStore::open(store, storage::OpenMode::read_only);
    if (filled.has_error()) return filled.error();
    if (auto last = (*filled)->jobs().verify(finished_life(jobs - 1).job.terms.id); last.has_error()) return last;
    fmt::print(
        stderr,
        "emeth bench: {} finished JOBs, {} history entries and {} transactions each: {:.1f} GB on disk after {} s\n",
        jobs, entries, transactions_a_job, static_cast<double>(bytes_below(store)) / 1e9,
        (system_clock().monotonic() - begun).count() / 1'000);
    return {};
}

}  // namespace emeth::bench
