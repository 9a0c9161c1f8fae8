#include "network/requester/job_follower.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "api_client/result_name.hpp"
#include "http/client.hpp"
#include "runtime/progress_bar.hpp"
#include "runtime/waiting.hpp"
#include "statemachine/text.hpp"

namespace emeth::network {
namespace {

constexpr Milliseconds idle_timeout{60'000};

std::string time_left(const chain::JobRecord& job, std::int64_t chain_now_unix_s) {
    const std::int64_t left_s = job.deadline_unix_s - chain_now_unix_s;
    return left_s >= 0 ? duration_text(left_s) + " until its deadline"
                       : "its deadline passed " + duration_text(-left_s) + " ago";
}

}  // namespace

Prospect prospect_of(chain::JobStatus status) {
    switch (status) {
        case chain::JobStatus::requested:
        case chain::JobStatus::assigned:
        case chain::JobStatus::processing:
        case chain::JobStatus::submitted:
            return Prospect::goes_on;
        case chain::JobStatus::verified:
            return Prospect::verified;
        case chain::JobStatus::rejected:
        case chain::JobStatus::canceled:
        case chain::JobStatus::timeout:
        case chain::JobStatus::failed:
        case chain::JobStatus::declined:
            return Prospect::over;
    }
    return Prospect::over;
}

std::string status_sentence(const chain::JobRecord& job, const chain::JobAssign& assign,
                            std::int64_t chain_now_unix_s) {
    switch (job.status) {
        case chain::JobStatus::requested:
            return job.deadline_unix_s >= chain_now_unix_s
                       ? "no node has taken it yet"
                       : "no node took it before its deadline: `emeth request cancel` gets the fee back";
        case chain::JobStatus::assigned:
        case chain::JobStatus::processing:
            return "node " + assign.node.hex() + " works on it";
        case chain::JobStatus::submitted:
            return "its result is submitted; the verifier checks it";
        case chain::JobStatus::verified:
            return "verified";
        case chain::JobStatus::rejected:
        case chain::JobStatus::failed:
            return "the verifier rejected the result; the fee came back";
        case chain::JobStatus::canceled:
            return "it was canceled; the fee came back";
        case chain::JobStatus::timeout:
            return "the node missed the deadline; the fee came back";
        case chain::JobStatus::declined:
            return "the node gave it up; the fee came back";
    }
    return "its status is unknown";
}

Task<Result<void>> JobFollower::until_verified(JobId id) {
    for (;;) {
        const Result<Prospect> prospect = co_await look(id);
        if (prospect.has_error() && prospect.error().kind == ErrorKind::permanent) co_return prospect.error();
        if (prospect.has_error()) tell("the chain cannot be asked now", ": " + prospect.error().message);
        if (prospect.has_value() && *prospect == Prospect::verified) co_return Result<void>{};
        co_await ports_.clock.sleep(poll_interval);
    }
}

Task<Result<Prospect>> JobFollower::look(JobId id) {
    const Result<chain::JobRecord> job = co_await ports_.chain.job(id);
    if (job.has_error()) co_return job.error();
    if (!job->exist) co_return permanent_error("there is no JOB " + id.hex() + " on this chain");
    const Result<chain::JobAssign> assign = co_await ports_.chain.job_assign(id);
    if (assign.has_error()) co_return assign.error();
    const Result<chain::Block> latest = co_await ports_.chain.latest_block();
    if (latest.has_error()) co_return latest.error();
    const std::string sentence = status_sentence(*job, *assign, latest->timestamp_unix_s);
    const Prospect prospect = prospect_of(job->status);
    if (prospect == Prospect::over) co_return permanent_error(fmt::format("JOB {}: {}", id.hex(), sentence));
    tell(sentence, prospect == Prospect::goes_on ? "; " + time_left(*job, latest->timestamp_unix_s) : "");
    co_return prospect;
}

void JobFollower::tell(const std::string& sentence, const std::string& figures) {
    if (sentence == std::exchange(told_, sentence)) return;
    tell_(sentence + figures);
}

Task<Result<http::Downloaded>> JobFollower::fetch(JobId id, std::filesystem::path file) {
    const Result<chain::JobDetails> details = co_await ports_.chain.job_details(id);
    if (details.has_error()) co_return details.error();
    const std::optional<Hash256> digest = api_client::digest_in(details->result, id, api_client::result_extension);
    const auto location = co_await ports_.storage.result_url(id, std::string(api_client::result_extension));
    if (location.has_error()) co_return in_context("asking for the result", location.error());
    if (!*location) co_return transient_error("the Storage API does not have the result of JOB " + id.hex());
    const std::uint64_t bytes = (*location)->bytes;
    if (bytes > result_bytes_max)
        co_return permanent_error(
            fmt::format("the result has {} bytes; at most {} are fetched", bytes, result_bytes_max));
    Result<http::Url> url = http::Url::parse((*location)->url);
    if (url.has_error()) co_return in_context("the result's URL", url.error());
    ProgressBar bar("fetching the result", bytes, ProgressUnit::bytes, ports_.clock);
    std::optional<Waiting> waiting(std::in_place, "the result from " + url->origin());
    const auto show = [&](std::uint64_t done) {
        waiting.reset();
        bar.update(done);
    };
    const std::filesystem::path unchecked = file.string() + ".unchecked";
    const auto fetched =
        co_await http::download_file(ports_.pool, *std::move(url), unchecked, bytes, idle_timeout, show);
    if (fetched.has_error()) co_return in_context("fetching the result", fetched.error());
    std::error_code failed;
    if (digest && fetched->sha256 != *digest) {
        std::filesystem::remove(unchecked, failed);
        co_return permanent_error(fmt::format("the Storage API served a result with SHA-256 {}; on chain it is {}",
                                              fetched->sha256.hex(), digest->hex()));
    }
    if (!digest) tell_("the chain names no digest of the result: it could not be compared");
    std::filesystem::rename(unchecked, file, failed);
    if (failed) co_return transient_error(fmt::format("cannot write {}: {}", file.string(), failed.message()));
    co_return fetched;
}

}  // namespace emeth::network
