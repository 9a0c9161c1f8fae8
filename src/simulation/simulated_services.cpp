#include "simulation/simulated_services.hpp"

#include <algorithm>
#include <cstdlib>

#include "http/date.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::simulation {
namespace {

constexpr Milliseconds timeout{15'000};
constexpr Milliseconds slowest{5'000};
constexpr std::uint64_t stale_blocks = 30;
/// Of the open uploads that a node comes back to.
constexpr double lost_upload_share = 0.2;

}  // namespace

void AnswerDates::answered(Milliseconds sent) const {
    if (network_clock_ == nullptr) return;
    network_clock_->answered(server_, {{"date", http::format_date(clock_.true_unix_ms() / 1'000)}}, sent);
}

bool AnswerDates::refuses_signature() const {
    constexpr std::int64_t validity_ms = 60'000;
    return network_clock_ != nullptr && std::abs(network_clock_->unix_ms() - clock_.true_unix_ms()) > validity_ms;
}

Task<std::optional<Error>> SimulatedStorage::ask(const char* call, bool is_signed) {
    process_.check();
    const bool refuses = is_signed && dates_.refuses_signature();
    const Milliseconds sent = clock_.monotonic();
    if (is_down()) {
        co_await clock_.sleep(dice_.chance(0.5) ? Milliseconds(20) : timeout);
        process_.check();
        co_return transient_error(std::string(call) + ": the Storage API is down");
    }
    if (weather_.slow_rate > 0 && dice_.chance(weather_.slow_rate)) {
        co_await clock_.sleep(Milliseconds(dice_.between(5, slowest.count())));
        process_.check();
    }
    dates_.answered(sent);
    if (weather_.error_rate > 0 && dice_.chance(weather_.error_rate))
        co_return service_error(std::string(call) + ": 503");
    if (refuses) co_return transient_error(std::string(call) + ": 401: the signature's time is too far from now");
    co_return std::nullopt;
}

/// The URL is "upload id#part". A part of an upload that is gone has no effect.
void SimulatedStorage::put_part(const std::string& url, const Hash256& digest) {
    const auto hash = url.find('#');
    const auto upload = uploads_.find(url.substr(0, hash));
    if (upload == uploads_.end() || upload->second.completed || upload->second.aborted) return;
    upload->second.parts[static_cast<std::uint32_t>(std::stoul(url.substr(hash + 1)))] = digest;
}

const Hash256* SimulatedStorage::result(const std::string& file_name) const {
    const auto found = results_.find(file_name);
    return found == results_.end() ? nullptr : &found->second;
}

std::optional<Hash256> SimulatedStorage::evidence(const JobId& job) const {
    const auto found = evidence_.find(job);
    return found == evidence_.end() ? std::nullopt : std::optional(found->second);
}

/// The digest of the artifact when all parts belong to it, else another one.
Hash256 SimulatedStorage::digest_of(const Upload& upload) {
    if (upload.parts.size() != upload.parts_total) return {};
    const Hash256 first = upload.parts.begin()->second;
    const bool one =
        std::all_of(upload.parts.begin(), upload.parts.end(), [&](const auto& part) { return part.second == first; });
    return one ? first : Hash256{};
}

Task<Result<std::uint64_t>> SimulatedStorage::dataset_bytes(std::string dataset) {
    if (auto failed = co_await ask("dataset size", false)) co_return std::move(*failed);
    const auto found = datasets_.find(dataset);
    const Milliseconds now = clock_.monotonic();
    if (found != datasets_.end() && now < found->second.faulty_until)
        co_return transient_error("the Storage API answered 500 for dataset " + dataset);
    if (found == datasets_.end() || now < found->second.missing_until)
        co_return permanent_error("the Storage API has no dataset " + dataset);
    co_return bytes_now(dataset);
}

std::uint64_t SimulatedStorage::bytes_now(const std::string& dataset) const {
    const Dataset& found = datasets_.at(dataset);
    return found.bytes - (clock_.monotonic() >= found.shrinks_at ? 1 : 0);
}

Task<Result<std::string>> SimulatedStorage::dataset_url(JobId job) {
    if (auto failed = co_await ask("dataset URL")) co_return std::move(*failed);
    const auto& jobs = chain_.latest().jobs;
    const auto found = jobs.find(job);
    if (found == jobs.end() || found->second.assign.node != chain_.wallet)
        co_return permanent_error("403: the JOB is not assigned to this node");
    co_return "dataset/" + found->second.details.dataset;
}

/// The new upload's id. Whatever was open for the JOB is gone.
std::string SimulatedStorage::open_anew(const JobId& job, const statemachine::WorkerFile& file,
                                        const std::string& extension) {
    for (auto& [id, earlier] : uploads_)
        if (earlier.job == job && !earlier.completed) earlier.aborted = true;
    const std::string upload_id = "upload-" + std::to_string(uploads_.size() + 1);
    Upload upload;
    upload.shows = extension == api_client::evidence_extension;
    // A new draw is shown beside the old one.
    upload.file_name = (upload.shows ? upload_id : job.hex()) + extension;
    if (!upload.shows && !is_published_) upload.bound_to = file.sha256;
    if (upload.bound_to) upload.file_name = api_client::bound_result_name(job, file.sha256, extension);
    upload.job = job;
    upload.bytes = file.bytes;
    upload.parts_total = upload_parts_of(file.bytes);
    uploads_[upload_id] = std::move(upload);
    return upload_id;
}

bool SimulatedStorage::is_open(const std::string& upload_id) const {
    const auto found = uploads_.find(upload_id);
    return found != uploads_.end() && !found->second.aborted;
}

/// A published server ignores which upload is named; ours may have lost it.
Task<Result<api_client::OpenedUpload>> SimulatedStorage::open_upload(JobId job, statemachine::WorkerFile file,
                                                                     std::string extension,
                                                                     std::optional<std::string> upload_id) {
    if (auto failed = co_await ask("open upload")) co_return std::move(*failed);
    const bool goes_on = upload_id && !is_published_;
    if (goes_on && is_open(*upload_id) && !weather_.fine && dice_.chance(lost_upload_share))
        uploads_.at(*upload_id).aborted = !uploads_.at(*upload_id).completed;
    if (goes_on && !is_open(*upload_id)) co_return permanent_error("404: there is no such upload");
    const std::string id = goes_on ? *upload_id : open_anew(job, file, extension);
    const Upload& upload = uploads_.at(id);
    api_client::OpenedUpload opened{id, upload.file_name, {}};
    for (std::uint32_t part = 1; part <= upload.parts_total; ++part)
        opened.urls.push_back(id + "#" + std::to_string(part));
    if (weather_.lost_answer_rate > 0 && dice_.chance(weather_.lost_answer_rate))
        co_return transient_error("open upload: the answer was lost");
    co_return opened;
}

Task<Result<void>> SimulatedStorage::complete_upload(JobId, std::string upload_id, std::map<std::uint32_t, std::string>,
                                                     std::string) {
    if (auto failed = co_await ask("complete upload", false)) co_return std::move(*failed);
    if (!is_open(upload_id)) co_return permanent_error("404: no such upload");
    auto& upload = uploads_.at(upload_id);
    if (!upload.completed && !(upload.bound_to && results_.contains(upload.file_name))) {
        const auto job = chain_.latest().jobs.find(upload.job);
        if (!upload.shows &&
            (job == chain_.latest().jobs.end() || job->second.record.status != chain::JobStatus::processing))
            co_return transient_error("403: the JOB is not PROCESSING");
        if (upload.parts.size() != upload.parts_total) co_return permanent_error("400: a part is missing");
        if (upload.bound_to && digest_of(upload) != *upload.bound_to)
            co_return permanent_error("409: the parts make another file than the upload was opened for");
        if (results_.contains(upload.file_name))
            co_return permanent_error("409: a completed object can never be replaced");
        upload.completed = true;
        results_[upload.file_name] = digest_of(upload);
        if (upload.shows) evidence_[upload.job] = digest_of(upload);
    }
    if (weather_.lost_answer_rate > 0 && dice_.chance(weather_.lost_answer_rate))
        co_return transient_error("complete upload: the answer was lost");
    co_return Result<void>{};
}

Task<Result<std::optional<api_client::ArtifactStore::UploadState>>> SimulatedStorage::upload_state(
    JobId, std::string upload_id) {
    if (auto failed = co_await ask("upload state")) co_return std::move(*failed);
    if (is_published_) co_return std::optional<UploadState>();
    if (!is_open(upload_id)) co_return permanent_error("404: no such upload");
    const Upload& upload = uploads_.at(upload_id);
    if (upload.bound_to && results_.contains(upload.file_name))
        co_return std::optional(UploadState{upload.bytes, *upload.bound_to, true});
    co_return std::optional(UploadState{upload.bytes, digest_of(upload), upload.completed});
}

/// The simulated verifier has always said it before its transaction is mined.
Task<Result<std::optional<api_client::VerdictReason>>> SimulatedStorage::verdict_reason(JobId job) {
    if (auto failed = co_await ask("verdict reason", false)) co_return std::move(*failed);
    if (is_published_) co_return std::optional<api_client::VerdictReason>();
    const auto logs = chain_.status_logs(job, 0, chain_.head());
    const auto submit = std::find_if(logs.rbegin(), logs.rend(),
                                     [](const auto& log) { return log.status == chain::JobStatus::submitted; });
    if (submit == logs.rend()) co_return std::optional<api_client::VerdictReason>();
    co_return std::optional(api_client::VerdictReason{submit->block_hash, "the simulated verifier says no"});
}

Task<Result<std::vector<api_client::JobOffer>>> SimulatedInfoServer::open_jobs() {
    process_.check();
    if (weather_.info_down_until > clock_.monotonic()) {
        co_await clock_.sleep(dice_.chance(0.5) ? Milliseconds(20) : timeout);
        process_.check();
        co_return transient_error("the JOB info server answered no JSON array");
    }
    dates_.answered(clock_.monotonic());
    const bool stale = !weather_.fine && dice_.chance(0.2) && chain_.head() > stale_blocks;
    std::vector<api_client::JobOffer> offers;
    for (const auto& [id, job] : chain_.ledger(chain_.head() - (stale ? stale_blocks : 0)).jobs)
        if (job.record.status == chain::JobStatus::requested)
            offers.push_back({id, job.record.fee, 1'000'000, job.record.deadline_unix_s});
    if (!weather_.fine && dice_.chance(0.1))
        offers.push_back(
            {numbered<JobId>(dice_.next()), wei_of(1'000 * emt), 1, chain_.now_unix_s() + 86'400});  // made up
    if (!weather_.fine && dice_.chance(0.1))
        for (auto& offer : offers) offer.fee = wei_of(dice_.between(1, 500) * emt);
    co_return offers;
}

}  // namespace emeth::simulation
