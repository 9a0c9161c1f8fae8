#include <fmt/format.h>

#include "api_client/storage_api_client.hpp"
#include "api_client/storage_digests.hpp"
#include "network/storage_api/authorisation.hpp"
#include "network/storage_api/endpoints.hpp"

namespace emeth::network {
namespace {

Task<http::Answer> put_reason(StorageServices& services, http::ServerRequest request) {
    SignedRequest asked(request.json);
    const SignedReason put{read_new_reason(asked.fields), asked.signed_at_ms};
    asked.signed_once_for(
        api_client::verdict_reason_digest(asked.job, put.reason.submit_block, put.reason.text, asked.signed_at_ms));
    auto admitting = admit(services.admission(), asked, Right::write_verdict);
    const OrRefusal<JobOnChain> job = co_await std::move(admitting);
    if (job.has_error()) co_return job.error();

    const Claim claim(services.in_hand.verdicts, asked.job.hex());
    if (!claim.held()) co_return Refusal{503, "a reason of this JOB is being stored; try again"};
    auto work = [&services, &asked, &put] { return services.verdicts.put(asked.job, put); };
    auto storing = services.pool.run(std::move(work));
    const OrRefusal<void> stored = co_await std::move(storing);
    if (stored.has_error()) co_return stored.error();
    const boost::json::value answer = to_json(asked.job, put.reason);
    co_return answer;
}

/// Open to everybody, as the verdict itself is.
Task<http::Answer> get_reason(StorageServices& services, http::ServerRequest request) {
    const auto given = request.query.find("jobId");
    const std::optional<JobId> job = given == request.query.end() ? std::nullopt : JobId::parse(given->second);
    if (!job) co_return http::malformed("the query needs jobId=0x and 32 hex digits");
    auto work = [&services, &job] { return services.verdicts.find(*job); };
    auto looking = services.pool.run(std::move(work));
    const OrRefusal<std::optional<SignedReason>> found = co_await std::move(looking);
    if (found.has_error()) co_return found.error();
    if (!*found) co_return http::not_found(fmt::format("no reason is kept of a verdict on {}", job->hex()));
    const boost::json::value answer = to_json(*job, (*found)->reason);
    co_return answer;
}

constexpr Endpoint endpoints[] = {
    {"POST", api_client::put_verdict_reason_path, request_bytes_max, put_reason},
    {"GET", api_client::verdict_reason_path, 0, get_reason},
};

}  // namespace

std::span<const Endpoint> verdict_endpoints() {
    return endpoints;
}

}  // namespace emeth::network
