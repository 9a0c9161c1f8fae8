// Who may do what at the Storage API: the signature of a request, and what the chain says about its signer.
// docs/PROTOCOL.md has the whole table.
#pragma once

#include <cstdint>
#include <string>

#include "chain/chain.hpp"
#include "network/storage_api/refusal.hpp"
#include "runtime/clock.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

/// {sig, address, jobId, signedtime} as it stands in the request's body: believed by nobody yet.
struct SignedFields {
    Address address;
    JobId job;
    std::int64_t signed_at_ms = 0;
    std::string signature;
};

/// The caller checks `fields` afterwards, with the rest of them.
SignedFields read_signed_fields(JsonObject& fields);

/// 401 when `digest` was not signed by fields.address, or too long ago, or in the future.
Outcome<void> check_signer(const SignedFields& fields, const Hash256& digest, Clock& clock);

/// A JOB as the chain has it now.
struct JobOnChain {
    chain::JobRecord record;
    chain::JobDetails details;
    chain::JobAssign assign;
};

/// 404 when there is no such JOB, 503 when the chain does not answer.
Task<Outcome<JobOnChain>> read_job(chain::Chain* chain, JobId id);

// 403 when `signer` may not.

/// The assigned node while it works on the JOB, and the verifier. `dataset` must be of the JOB's owner.
Task<Outcome<void>> check_reads_dataset(chain::Chain* chain, JobOnChain job, Address signer);
/// The assigned node: the result (.tar) while PROCESSING, evidence once SUBMITTED.
Outcome<void> check_writes_result(const JobOnChain& job, const Address& signer, std::string_view extension);
/// The assigned node.
Outcome<void> check_is_node(const JobOnChain& job, const Address& signer);
/// The assigned node, the verifier, and the owner once the JOB is VERIFIED.
Task<Outcome<void>> check_reads_result(chain::Chain* chain, JobOnChain job, Address signer);
/// Anybody for a JOB that is not on chain yet, else its owner.
Task<Outcome<void>> check_writes_dataset(chain::Chain* chain, JobId id, Address signer);

}  // namespace emeth::network
