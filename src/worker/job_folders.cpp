#include "worker/job_folders.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "runtime/durable_file.hpp"
#include "runtime/log.hpp"
#include "runtime/private_folder.hpp"
#include "runtime/subject_log.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::worker {
namespace {

constexpr const char* record_name = "job.json";

HeldJob record_or_lost(const std::filesystem::path& folder, const JobId& id) {
    const auto text = read_file(folder / record_name, record_bytes_max);
    auto job = text.has_error() ? Result<HeldJob>(text.error()) : parse_held_job(*text, id);
    if (job.has_value()) return std::move(*job);
    log_of(id).warn("its record in {} cannot be read ({}); its files are kept until the master decides",
                    folder.string(), job.error().message);
    HeldJob lost;
    lost.spec.id = id;
    return lost;
}

/// Exactly, once its dataset's tokens are counted; until then the most that they may be.
std::uint64_t states_bytes_of(const HeldJob& job) {
    using namespace trainer_protocol;
    if (job.dataset && job.dataset->steps_total > 0)
        return states_bytes(job.spec.model, segment_count(job.spec.model, job.dataset->steps_total, job.spec.epochs),
                            draws_default);
    return room_needed(job.spec.model, job.spec.epochs, job.dataset_bytes, draws_default).states_bytes;
}

}  // namespace

JobFolders::JobFolders(const asio::any_io_executor& executor, std::filesystem::path jobs_folder, BlockingPool& pool)
    : jobs_folder_(std::move(jobs_folder)), pool_(pool), writing_(executor) {}

Result<void> JobFolders::load() {
    if (auto made = open_private_folder(jobs_folder_); made.has_error()) return made;
    std::error_code error;
    for (auto entry = std::filesystem::directory_iterator(jobs_folder_, error);
         !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        const auto id = JobId::parse(name);
        if (!id || id->hex() != name) {
            spdlog::warn("{} is not a JOB's folder; leaving it alone", entry->path().string());
            continue;
        }
        remove_leftovers_below(entry->path());
        jobs_.emplace(*id, record_or_lost(entry->path(), *id));
    }
    if (error) return transient_error(fmt::format("cannot list {}: {}", jobs_folder_.string(), error.message()));
    return {};
}

HeldJob* JobFolders::find(const JobId& job) {
    const auto found = jobs_.find(job);
    return found == jobs_.end() ? nullptr : &found->second;
}

std::vector<worker_protocol::HeldLease> JobFolders::held() const {
    std::vector<worker_protocol::HeldLease> leases;
    for (const auto& [id, job] : jobs_) {
        if (leases.size() == worker_protocol::held_leases_max) break;  // the rest are announced once these are settled
        leases.push_back({id, job.lease});
    }
    return leases;
}

std::filesystem::path JobFolders::folder(const JobId& job) const {
    return jobs_folder_ / job.hex();
}

std::uint64_t JobFolders::states_kept_bytes(const std::optional<JobId>& except) const {
    std::uint64_t bytes = 0;
    for (const auto& [id, job] : jobs_)
        if (!job.helping && id != except) bytes += states_bytes_of(job);
    return bytes;
}

Task<Result<HeldJob*>> JobFolders::create(HeldJob job) {
    const JobId id = job.spec.id;
    if (auto made = create_folder(folder(id), 0700); made.has_error()) co_return made.error();
    jobs_[id] = std::move(job);
    auto saved = co_await save(id);
    if (saved.has_error()) {
        jobs_.erase(id);
        co_return saved.error();
    }
    co_return find(id);
}

Task<Result<void>> JobFolders::save(JobId job) {
    const AsyncMutex::Lock lock = co_await writing_.lock();
    const HeldJob* held = find(job);
    if (held == nullptr) co_return Result<void>{};  // forgotten while this waited
    auto write = [path = folder(job) / record_name, text = to_json(*held)] {
        return write_file_durably(path, text, 0600);
    };
    co_return co_await pool_.run(std::move(write));
}

Task<Result<void>> JobFolders::forget(JobId job) {
    const AsyncMutex::Lock lock = co_await writing_.lock();
    auto remove = [path = folder(job)] {
        std::error_code error;
        std::filesystem::remove_all(path, error);
        return error;
    };
    const std::error_code error = co_await pool_.run(std::move(remove));
    // Even on failure: a folder that remains is found at the next start, and the master is asked about it.
    jobs_.erase(job);
    if (error) co_return transient_error(fmt::format("cannot delete {}: {}", folder(job).string(), error.message()));
    co_return Result<void>{};
}

}  // namespace emeth::worker
