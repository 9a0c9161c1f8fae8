#include "network/storage_api/authorisation.hpp"

#include <fmt/format.h>

#include "crypto/api_signature.hpp"
#include "network/storage_api/object_names.hpp"

namespace emeth::network {
namespace {

using chain::JobStatus;

constexpr std::size_t signature_bytes_max = 132;

Refusal chain_refusal(const Error& error) {
    return {503, "the chain cannot be asked now: " + error.message};
}

bool is_node(const JobOnChain& job, const Address& signer) {
    return !job.assign.node.is_zero() && job.assign.node == signer;
}

/// `otherwise` when `signer` is not the verifier.
Task<Outcome<void>> check_is_verifier(chain::Chain* chain, Address signer, Refusal otherwise) {
    auto asking = chain->constants();
    const Result<chain::Constants> constants = co_await std::move(asking);
    if (constants.has_error()) co_return chain_refusal(constants.error());
    if (constants->verifier.is_zero() || constants->verifier != signer) co_return otherwise;
    co_return Outcome<void>();
}

Refusal not_allowed(const Address& signer, std::string_view who_may, const JobOnChain& job) {
    return forbidden(fmt::format("{} is not allowed to do this: only {} may, and the JOB is {}", signer.hex(), who_may,
                                 chain::name(job.record.status)));
}

}  // namespace

SignedFields read_signed_fields(JsonObject& fields) {
    SignedFields read;
    read.signature = fields.string("sig", signature_bytes_max);
    read.address = fields.fixed<Address>("address");
    read.job = fields.fixed<JobId>("jobId");
    read.signed_at_ms = fields.i64("signedtime", 0);
    return read;
}

Outcome<void> check_signer(const SignedFields& fields, const Hash256& digest, Clock& clock) {
    const Result<void> checked =
        crypto::check_signature(digest, fields.signature, fields.address, fields.signed_at_ms, clock.unix_ms());
    if (checked.has_error()) return Refusal{401, checked.error().message};
    return {};
}

Task<Outcome<JobOnChain>> read_job(chain::Chain* chain, JobId id) {
    JobOnChain job;
    auto asking_record = chain->job(id);
    Result<chain::JobRecord> record = co_await std::move(asking_record);
    if (record.has_error()) co_return chain_refusal(record.error());
    if (!record->exist) co_return not_found(fmt::format("there is no JOB {} on chain", id.hex()));
    job.record = *record;
    auto asking_details = chain->job_details(id);
    Result<chain::JobDetails> details = co_await std::move(asking_details);
    if (details.has_error()) co_return chain_refusal(details.error());
    job.details = std::move(*details);
    auto asking_assign = chain->job_assign(id);
    const Result<chain::JobAssign> assign = co_await std::move(asking_assign);
    if (assign.has_error()) co_return chain_refusal(assign.error());
    job.assign = *assign;
    co_return job;
}

Task<Outcome<void>> check_reads_dataset(chain::Chain* chain, JobOnChain job, Address signer) {
    const bool at_work = job.record.status == JobStatus::processing || job.record.status == JobStatus::submitted;
    if (!(is_node(job, signer) && at_work)) {
        auto asking = check_is_verifier(
            chain, signer, not_allowed(signer, "the assigned node, while it works on the JOB, and the verifier", job));
        const Outcome<void> verifier = co_await std::move(asking);
        if (verifier.has_error()) co_return verifier.error();
    }
    // Else a JOB could name the dataset of somebody else, and let its node read it.
    const std::optional<Address> uploader = uploader_of(job.details.dataset);
    if (!uploader || *uploader != job.record.owner)
        co_return forbidden("the JOB's dataset was not uploaded by its owner");
    co_return Outcome<void>();
}

Outcome<void> check_writes_result(const JobOnChain& job, const Address& signer, std::string_view extension) {
    const JobStatus needed = extension == ".tar" ? JobStatus::processing : JobStatus::submitted;
    if (is_node(job, signer) && job.record.status == needed) return {};
    return not_allowed(signer, fmt::format("the assigned node, while the JOB is {},", chain::name(needed)), job);
}

Outcome<void> check_is_node(const JobOnChain& job, const Address& signer) {
    if (is_node(job, signer)) return {};
    return not_allowed(signer, "the assigned node", job);
}

Task<Outcome<void>> check_reads_result(chain::Chain* chain, JobOnChain job, Address signer) {
    if (is_node(job, signer)) co_return Outcome<void>();
    if (job.record.owner == signer && job.record.status == JobStatus::verified) co_return Outcome<void>();
    auto asking = check_is_verifier(
        chain, signer,
        not_allowed(signer, "the assigned node, the verifier and, once it is verified, the JOB's owner", job));
    co_return co_await std::move(asking);
}

Task<Outcome<void>> check_writes_dataset(chain::Chain* chain, JobId id, Address signer) {
    auto asking = chain->job(id);
    const Result<chain::JobRecord> record = co_await std::move(asking);
    if (record.has_error()) co_return chain_refusal(record.error());
    if (!record->exist || record->owner == signer) co_return Outcome<void>();
    co_return forbidden(fmt::format("JOB {} is of another requester", id.hex()));
}

}  // namespace emeth::network
