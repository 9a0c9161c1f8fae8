#include "cli/kept_files.hpp"

#include <fmt/format.h>

#include <optional>
#include <system_error>

#include "crypto/sha256.hpp"
#include "node/data_folder.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/progress_bar.hpp"
#include "worker/held_job.hpp"

namespace emeth::cli {

namespace {

namespace fs = std::filesystem;
using statemachine::Job;

/// A file and the digest that the record has of it.
struct ExpectedFile {
    JobId job;
    fs::path path, worker_record;
    std::string worker_record_text;  ///< when it said that the file is complete
    Hash256 digest;
    std::uint64_t bytes = 0;
};

/// What the worker that holds the JOB's lease has of it; empty if it is another one, or has nothing complete.
std::vector<ExpectedFile> files_of(const Job& job, const fs::path& folder) {
    const fs::path record = folder / "job.json";
    const auto text = read_file(record, worker::record_bytes_max);
    if (text.has_error()) return {};
    const auto held = worker::parse_held_job(*text, job.terms.id);
    if (held.has_error() || held->helping || held->lease != job.lease.number) return {};
    std::vector<ExpectedFile> files;
    const auto expect = [&](const char* name, const Hash256& digest) {
        std::error_code missing;
        const std::uint64_t bytes = fs::file_size(folder / name, missing);
        files.push_back({job.terms.id, folder / name, record, *text, digest, missing ? 0 : bytes});
    };
    const bool dataset_is_reported = job.dataset.sha256 && job.dataset.lease == held->lease;
    if (held->dataset_sha256 && dataset_is_reported) expect("dataset", *job.dataset.sha256);
    if (held->artifact && job.training.artifact) expect("artifact.tar", job.training.artifact->sha256);
    return files;
}

std::vector<ExpectedFile> expected_files(const fs::path& data, const std::vector<Job>& active) {
    std::vector<ExpectedFile> files;
    std::error_code failed;
    for (fs::directory_iterator worker(node::local_workers_folder(data), failed);
         !failed && worker != fs::directory_iterator(); worker.increment(failed))
        for (const Job& job : active)
            for (ExpectedFile& file : files_of(job, worker->path() / "jobs" / job.terms.id.hex()))
                files.push_back(std::move(file));
    return files;
}

/// A worker beside us may have begun to make the file again.
bool is_still_complete(const ExpectedFile& file) {
    const auto text = read_file(file.worker_record, worker::record_bytes_max);
    return text.has_value() && *text == file.worker_record_text;
}

std::optional<std::string> problem_of(const ExpectedFile& file) {
    const auto digest = crypto::sha256_of_file(file.path);
    if (digest.has_value() && *digest == file.digest) return std::nullopt;
    if (!is_still_complete(file)) return std::nullopt;
    if (digest.has_error()) return fmt::format("JOB {}: {}", file.job.hex(), digest.error().message);
    return fmt::format("JOB {}: {} has the digest {}, the record says {}", file.job.hex(), file.path.string(),
                       digest->hex(), file.digest.hex());
}

}  // namespace

KeptFiles check_kept_files(const fs::path& data, const std::vector<Job>& active) {
    const std::vector<ExpectedFile> files = expected_files(data, active);
    std::uint64_t bytes = 0, done = 0;
    for (const ExpectedFile& file : files) bytes += file.bytes;
    ProgressBar bar("checking files", bytes, ProgressUnit::bytes, system_clock());
    KeptFiles kept;
    for (const ExpectedFile& file : files) {
        ++kept.checked;
        if (auto problem = problem_of(file)) kept.problems.push_back(std::move(*problem));
        bar.update(done += file.bytes);
    }
    return kept;
}

}  // namespace emeth::cli
