#include "simulation/simulated_worker.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chain/gas.hpp"
#include "node/market/selection.hpp"

namespace emeth::simulation {
namespace {

namespace wp = worker_protocol;

constexpr double bytes_per_second = 200'000;
constexpr double checkpoint_every_s = 15;
constexpr std::uint64_t steps_per_mebibyte = 120;
constexpr std::uint64_t artifact_bytes = 25'000'000, evidence_bytes = 15'000'000;
/// Each second, while the weather is not fine.
constexpr double trainer_death_rate = 0.001;
constexpr double disk_loss_share = 0.3, wrong_bytes_share = 0.03;

Hash256 damaged_part() {
    return numbered<Hash256>(8);
}

}  // namespace

Hash256 evidence_digest(const JobId& job, const Hash256& block_hash) {
    Hash256 digest = block_hash;
    for (std::size_t i = 0; i < job.bytes.size(); ++i) digest.bytes[i] ^= job.bytes[i];
    return digest;
}

std::map<JobId, std::uint64_t> SimulatedWorker::held() const {
    std::map<JobId, std::uint64_t> leases;
    for (const auto& [job, files] : files_) leases[job] = files.lease;
    return leases;
}

std::vector<wp::Report> SimulatedWorker::unacknowledged() const {
    std::vector<wp::Report> reports;
    for (const auto& [id, report] : unacknowledged_) reports.push_back(report);
    return reports;
}

void SimulatedWorker::report(const JobId& job, std::uint64_t lease, wp::ReportBody body) {
    const bool durable = !std::holds_alternative<wp::Progress>(body);
    wp::Report report{durable ? ++last_report_ : 0, job, lease, std::move(body)};
    if (durable) unacknowledged_[report.id] = report;
    new_reports_.push_back(std::move(report));
}

void SimulatedWorker::report_failure(const Work& work, std::string step, std::string message, bool needs_order) {
    report(work.job, work.lease, wp::StepFailed{std::move(step), false, std::move(message), needs_order});
}

void SimulatedWorker::report_storage_failure(const JobId& job, std::uint64_t lease, std::string step) {
    wp::StepFailed failed;
    failed.step = std::move(step);
    failed.message = "storage answered 503";
    failed.needs_order = failed.service_failed = true;
    report(job, lease, std::move(failed));
}

void SimulatedWorker::die() {
    for (auto& [job, files] : files_) files.step = static_cast<double>(files.checkpoint);
    work_.reset();
    if (!dice_.chance(disk_loss_share)) return;
    for (const auto& [job, files] : files_) results_.lost.insert(job);
    files_.clear();
}

void SimulatedWorker::work() {
    if (!work_) return;
    Files& files = files_[work_->job];
    if (work_->stage == Stage::download) {
        download(*work_, files);
    } else if (work_->stage == Stage::train) {
        train(*work_, files);
    } else if (work_->upload) {
        upload(*work_, files);
    }
}

void SimulatedWorker::download(Work& work, Files& files) {
    if (health_ == Health::sick) {
        work.stage = Stage::idle;
        return report_failure(work, "download", "3 MiB are free, but 2000 MiB are needed", true);
    }
    if (health_ == Health::idle) {
        work.seconds += 1;
        const auto step = static_cast<std::uint64_t>(work.seconds);
        return report(work.job, work.lease, wp::Progress{"training", 0, step, step + 100, 0, 0, 3.5, 10'000});
    }
    if (!files.dataset && storage_.is_down()) {
        work.stage = Stage::idle;
        return report_storage_failure(work.job, work.lease, "download");
    }
    work.seconds += 1;
    if (!files.dataset && work.seconds * bytes_per_second < static_cast<double>(files.bytes)) return;
    if (!files.dataset && storage_.bytes_now(work.job.hex()) != files.bytes) {
        work.stage = Stage::idle;
        return report_failure(work, "download", "the Storage API announces another length", true);
    }
    if (!files.dataset && !weather_.fine && dice_.chance(wrong_bytes_share)) {
        work.stage = Stage::idle;
        return report_failure(work, "download", "the dataset is shorter than announced", true);
    }
    files.dataset = true;
    if (auto hopeless = why_hopeless(work.job)) {
        work.stage = Stage::idle;
        return report(work.job, work.lease, wp::StepFailed{"train", true, *std::move(hopeless), true});
    }
    files.steps_total = chain::dataset_mebibytes(files.bytes) * steps_per_mebibyte;
    files.step = static_cast<double>(files.checkpoint);
    report(work.job, work.lease,
           wp::DatasetReady{numbered<Hash256>(files.bytes), files.bytes, files.bytes / 4, files.steps_total});
    report(work.job, work.lease, wp::TrainingStarted{files.checkpoint, "order"});
    work.stage = Stage::train;
    work.seconds = 0;
    if (files.artifact) finish(work, files);
}

std::optional<std::string> SimulatedWorker::why_hopeless(const JobId& job) const {
    if (health_ == Health::denying) return "so it says of every JOB";
    if (!storage_.trains(job.hex())) return "training diverged at step 1";
    return std::nullopt;
}

void SimulatedWorker::train(Work& work, Files& files) {
    if (!weather_.fine && dice_.chance(trainer_death_rate)) {
        files.step = static_cast<double>(files.checkpoint);
        report_failure(work, "training", "the trainer was killed by signal 9", false);
        return report(work.job, work.lease, wp::TrainingStarted{files.checkpoint, "killed by signal 9"});
    }
    const double expected_s =
        static_cast<double>(chain::finish_estimate_s(chain::published_dataset_gas(files.bytes), power_capacity_, 2)) *
        0.8;
    const auto total = static_cast<double>(files.steps_total);
    files.step = std::min(total, files.step + total / expected_s);
    if (files.step >= total) return finish(work, files);
    work.seconds += 1;
    const auto step = static_cast<std::uint64_t>(files.step);
    const std::uint32_t epoch = step * 2 >= files.steps_total ? 1 : 0;
    if (work.seconds >= checkpoint_every_s && step > files.checkpoint) {
        work.seconds = 0;
        files.checkpoint = step;
        report(work.job, work.lease, wp::CheckpointSaved{{epoch, step, numbered<Hash256>(step), 3.9}});
    }
    report(work.job, work.lease, wp::Progress{"training", epoch, step, files.steps_total, 0, 0, 3.5, 10'000});
}

/// Training is deterministic: one worker makes the same artifact of the same bytes again.
void SimulatedWorker::finish(Work& work, Files& files) {
    statemachine::Artifact artifact;
    const std::uint64_t seed =
        work.job.bytes[0] + std::uint64_t{256} * work.job.bytes[1] + std::uint64_t{65'536} * address_.bytes[0];
    artifact.sha256 = numbered<Hash256>(seed);
    artifact.bytes = artifact_bytes;
    artifact.epochs = 2;
    artifact.steps = files.steps_total;
    artifact.epoch_losses = {3.5, 3.0};
    artifact.validation_loss = 3.1;
    results_.honest.insert({work.job, artifact.sha256});
    results_.lost.erase(work.job);
    files.artifact = artifact;
    work.stage = Stage::idle;
    report(work.job, work.lease, wp::Trained{artifact});
}

void SimulatedWorker::upload(Work& work, const Files& files) {
    if (work.upload->urls.empty()) return work.upload.reset();
    if (storage_.is_down()) {
        work.upload.reset();
        return report_storage_failure(work.job, work.lease, "upload");
    }
    const auto first = work.upload->urls.begin();
    const auto [part, url] = *first;
    work.upload->urls.erase(first);
    const bool wrong = !weather_.fine && dice_.chance(wrong_bytes_share) && !storage_.is_published();
    storage_.put_part(url, wrong ? damaged_part() : files.artifact->sha256);
    report(work.job, work.lease, wp::PartUploaded{part, fmt::format("\"{}\"", part), work.upload->upload_id});
}

/// Sent again, the order changes nothing that runs. Under a new lease nothing has been reported yet.
void SimulatedWorker::order(const wp::Assign& order) {
    const bool at_it = work_ && work_->job == order.job && work_->lease == order.lease && work_->stage != Stage::idle;
    if (at_it) return;
    std::erase_if(unacknowledged_, [&](const auto& entry) {
        return entry.second.job == order.job && entry.second.lease != order.lease;
    });
    Files& files = files_[order.job];
    files.lease = order.lease;
    files.bytes = order.dataset_bytes;
    work_ = Work{order.job, order.lease, Stage::download, 0};
}

SimulatedWorker::Files* SimulatedWorker::files_under(const JobId& job, std::uint64_t lease) {
    const auto found = files_.find(job);
    return found != files_.end() && found->second.lease == lease ? &found->second : nullptr;
}

/// As a real worker does: what it does not hold it cannot put, an artifact that is gone is made again, and the order
/// waits meanwhile.
void SimulatedWorker::order(wp::Upload order) {
    const Files* files = files_under(order.job, order.lease);
    if (files == nullptr)
        return report(order.job, order.lease,
                      wp::StepFailed{"upload", true, "this worker does not hold the lease", true});
    if (!work_ || work_->job != order.job)
        work_ = Work{order.job, order.lease, files->artifact ? Stage::idle : Stage::download, 0};
    work_->upload = std::move(order);
}

/// Evidence is prepared while the worker may be working on another JOB. States on a lost disk can no longer be shown.
void SimulatedWorker::order(const wp::Evidence& order) {
    const Files* files = files_under(order.job, order.lease);
    if (files == nullptr || !files->artifact)
        return report(order.job, order.lease,
                      wp::StepFailed{"evidence", true, "this worker does not hold the states", true});
    const Hash256 digest = evidence_digest(order.job, order.block_hash);
    if (order.urls.empty())
        report(order.job, order.lease, wp::EvidencePacked{order.block_hash, {digest, evidence_bytes}});
    for (const auto& [part, url] : order.urls) {
        if (storage_.is_down()) return report_storage_failure(order.job, order.lease, "evidence");
        const bool wrong = !weather_.fine && dice_.chance(wrong_bytes_share) && !storage_.is_published();
        storage_.put_part(url, wrong ? damaged_part() : digest);
        report(order.job, order.lease, wp::PartUploaded{part, fmt::format("\"{}\"", part), order.upload_id});
    }
}

/// Like a real worker: an answer to a report sent before a newer lease arrived is ignored.
void SimulatedWorker::stop(const wp::Stop& order) {
    const auto held = files_.find(order.job);
    if (held != files_.end() && order.lease < held->second.lease) return;
    if (work_ && work_->job == order.job) work_.reset();
    std::erase_if(unacknowledged_, [&](const auto& entry) { return entry.second.job == order.job; });
    std::erase_if(new_reports_, [&](const wp::Report& report) { return report.job == order.job; });
    if (order.forget && held != files_.end()) files_.erase(held);
}

}  // namespace emeth::simulation
