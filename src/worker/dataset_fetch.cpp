#include <fmt/format.h>

#include <utility>

#include "crypto/sha256.hpp"
#include "http/client.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/subject_log.hpp"
#include "trainer_protocol/segments.hpp"
#include "worker/job_runner.hpp"

namespace emeth::worker {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

std::uint64_t mebibytes(std::uint64_t bytes) {
    return (bytes + mebibyte - 1) / mebibyte;
}

/// Checked because an earlier process may have died after the last byte and before the record.
bool is_whole(const std::filesystem::path& file, std::uint64_t bytes) {
    std::error_code error;
    return std::filesystem::is_regular_file(file, error) && std::filesystem::file_size(file, error) == bytes && !error;
}

}  // namespace

Task<Result<void>> JobRunner::fetch_dataset() {
    if (job_.dataset_sha256) co_return Result<void>{};
    const std::filesystem::path file = folder() / "dataset";
    if (!is_whole(file, job_.dataset_bytes)) {
        auto downloaded = co_await download_dataset();
        if (downloaded.has_error()) co_return downloaded;
    } else {
        auto hash = [file] { return crypto::sha256_of_file(file); };
        const auto digest = co_await context_.pool.run(std::move(hash));
        if (digest.has_error()) co_return digest.error();
        job_.dataset_sha256 = *digest;
    }
    co_return co_await context_.folders.save(job_.spec.id);
}

Task<Result<void>> JobRunner::download_dataset() {
    if (auto space = check_space(); space.has_error()) co_return space;
    if (dataset_url_.empty())
        co_return transient_error("the dataset is missing, and no order with its URL has come yet");
    // Used only once: it may expire at any moment, and the next attempt gets a fresh one with its order, by which it
    // goes on where this one ended.
    auto url = http::Url::parse(std::exchange(dataset_url_, {}));
    if (url.has_error()) co_return transient_error("the dataset URL that the master sent is not usable");
    const std::string origin = url->origin();
    log_of(job_.spec.id).info("fetching {} bytes from {}", job_.dataset_bytes, origin);
    auto progress = [this](std::uint64_t bytes) {
        worker_protocol::Progress fetched;
        fetched.stage = "dataset";
        fetched.bytes = bytes;
        fetched.bytes_total = job_.dataset_bytes;
        report_progress(std::move(fetched));
    };
    Task<Result<http::Downloaded>> download =
        http::download_file(context_.pool, std::move(*url), folder() / "dataset", job_.dataset_bytes,
                            context_.settings.limits.wait_data, std::move(progress));
    const auto downloaded = co_await std::move(download);
    if (downloaded.has_error()) co_return in_context("the dataset", downloaded.error());
    job_.dataset_sha256 = downloaded->sha256;
    co_return Result<void>{};
}

/// A helper needs as much room as a holder, for it may take the JOB over from its leader; evidence of
/// earlier JOBs must keep its own.
Result<void> JobRunner::check_space() const {
    const auto [disk, states] = trainer_protocol::room_needed(job_.spec.model, job_.spec.epochs, job_.dataset_bytes,
                                                              trainer_protocol::draws_default);
    const std::uint64_t kept = context_.folders.states_kept_bytes(job_.spec.id);
    if (kept + states > context_.settings.states_bytes_max)
        return transient_error(
            fmt::format("the states of this JOB take up to {} MiB on top of {} MiB kept for pending verdicts, but "
                        "model_cached_size allows {} MiB: raise it, or wait for a verdict",
                        mebibytes(states), mebibytes(kept), mebibytes(context_.settings.states_bytes_max)));
    const auto free = free_bytes(folder());
    if (free.has_error()) return free.error();
    const std::uint64_t needed = disk + context_.settings.disk_reserve_bytes;
    if (*free + http::partly_downloaded_bytes(folder() / "dataset") >= needed) return {};
    return transient_error(fmt::format(
        "{} MiB are free in {}, but a dataset of {} MiB needs {} MiB with its tokens, states and checkpoints: free "
        "some space, or start the worker with --data on a larger disk",
        *free / mebibyte, context_.settings.data.string(), mebibytes(job_.dataset_bytes), mebibytes(needed)));
}

}  // namespace emeth::worker
