#include "network/storage_api/authorisation.hpp"

#include <fmt/format.h>

#include "api_client/dataset_name.hpp"
#include "crypto/api_signature.hpp"

namespace emeth::network {
namespace {

using chain::JobStatus;

Refusal chain_refusal(const Error& error) {
    return {503, "the chain cannot be asked now: " + error.message};
}

Task<OrRefusal<JobOnChain>> find_job(chain::Chain& chain, JobId id) {
    auto reading = read_job(chain, id);
    Result<std::optional<JobOnChain>> job = co_await std::move(reading);
    if (job.has_error()) co_return chain_refusal(job.error());
    if (!*job) co_return http::not_found(fmt::format("there is no JOB {} on chain", id.hex()));
    co_return std::move(**job);
}

/// A dataset is uploaded before its JOB is requested, so all that matters is whether somebody else owns the JOB.
Task<OrRefusal<JobOnChain>> find_owner(chain::Chain& chain, JobId id) {
    auto asking = chain.job(id);
    const Result<chain::JobRecord> record = co_await std::move(asking);
    if (record.has_error()) co_return chain_refusal(record.error());
    co_return JobOnChain{id, *record, {}, {}};
}

/// Whether the signer has a right, and the message for when they do not.
struct Rule {
    bool allows_signer = false;
    bool allows_verifier = false;
    std::string refusal;
};

std::string only(std::string_view who_may, const JobOnChain& job, const Address& signer) {
    return fmt::format("{} is not allowed to do this: only {} may, and the JOB is {}", signer.hex(), who_may,
                       chain::name(job.record.status));
}

Rule rule_of(Right right, const JobOnChain& job, const Address& signer) {
    const bool is_processing = job.record.status == JobStatus::processing;
    const bool is_submitted = job.record.status == JobStatus::submitted;
    const bool is_verified = job.record.status == JobStatus::verified;
    const bool is_owner = job.record.owner == signer;
    const bool is_node = !job.assign.node.is_zero() && job.assign.node == signer;
    switch (right) {
        case Right::write_dataset:
            return {!job.record.exist || is_owner, false, fmt::format("JOB {} is of another requester", job.id.hex())};
        case Right::read_dataset:
            return {is_node && (is_processing || is_submitted), true,
                    only("the assigned node, while it works on the JOB, and the verifier", job, signer)};
        case Right::write_result:
            return {is_node && is_processing, false,
                    only("the assigned node, while the JOB is PROCESSING,", job, signer)};
        case Right::write_evidence:
            return {is_node && is_submitted, false,
                    only("the assigned node, while the JOB is SUBMITTED,", job, signer)};
        case Right::see_upload:
            return {is_node, false, only("the assigned node", job, signer)};
        case Right::write_verdict:
            return {false, is_submitted || job.record.status == JobStatus::failed,
                    only("the verifier, while the JOB is SUBMITTED or FAILED,", job, signer)};
        case Right::read_result:
            return {is_node || (is_owner && is_verified), true,
                    only("the assigned node, the verifier and, once it is verified, the JOB's owner", job, signer)};
    }
    return {};
}

Task<OrRefusal<void>> check_right(chain::Chain& chain, JobOnChain job, Address signer, Right right) {
    const Rule rule = rule_of(right, job, signer);
    bool is_allowed = rule.allows_signer;
    if (!is_allowed && rule.allows_verifier) {
        auto asking = chain.constants();
        const Result<chain::Constants> constants = co_await std::move(asking);
        if (constants.has_error()) co_return chain_refusal(constants.error());
        is_allowed = !constants->verifier.is_zero() && constants->verifier == signer;
    }
    if (!is_allowed) co_return http::forbidden(rule.refusal);
    if (right != Right::read_dataset) co_return OrRefusal<void>();
    // Otherwise a JOB could name somebody else's dataset and let its node read it.
    const std::optional<Address> uploader = api_client::uploader_of(job.details.dataset);
    if (!uploader || *uploader != job.record.owner)
        co_return http::forbidden("the JOB's dataset was not uploaded by its owner");
    co_return OrRefusal<void>();
}

}  // namespace

Task<OrRefusal<JobOnChain>> admit(AdmissionPorts ports, SignedRequest request, Right right) {
    if (const Result<void> check = request.fields.check(); check.has_error())
        co_return http::malformed(check.error().message);
    const Result<void> is_signed = crypto::check_signature(request.digest, request.signature, request.address,
                                                           request.signed_at_ms, ports.clock.unix_ms());
    if (is_signed.has_error()) co_return Refusal{401, is_signed.error().message};
    auto finding = find_permitted(ports.chain, request.job, request.address, right);
    OrRefusal<JobOnChain> job = co_await std::move(finding);
    if (job.has_error() || !request.times_max) co_return job;
    const OrRefusal<void> used = ports.used.use(request.address, request.digest, request.signed_at_ms,
                                                ports.clock.unix_ms(), *request.times_max);
    if (used.has_error()) co_return used.error();
    co_return job;
}

Task<OrRefusal<JobOnChain>> find_permitted(chain::Chain& chain, JobId id, Address asker, Right right) {
    auto reading = right == Right::write_dataset ? find_owner(chain, id) : find_job(chain, id);
    const OrRefusal<JobOnChain> job = co_await std::move(reading);
    if (job.has_error()) co_return job.error();
    auto checking = check_right(chain, *job, asker, right);
    const OrRefusal<void> allowed = co_await std::move(checking);
    if (allowed.has_error()) co_return allowed.error();
    co_return job;
}

}  // namespace emeth::network
