// Who may do what at the Storage API: the signature of a request, and what the chain says about its signer.
// docs/PROTOCOL.md has the whole table.
//
// Every signed endpoint begins like this:
//
//   SignedRequest asked(request.json);
//   const std::string upload_id = read_upload_id(asked.fields);  // the endpoint's own fields
//   asked.signed_once_for(api_client::upload_state_digest(asked.job, upload_id, asked.signed_at_ms));  // if it is ours
//   auto admitting = admit(services.admission(), asked, Right::see_upload);
//   const OrRefusal<JobOnChain> job = co_await std::move(admitting);
//   if (job.has_error()) co_return job.error();
#pragma once

#include <cstdint>

#include "network/job_on_chain.hpp"
#include "network/storage_api/refusal.hpp"
#include "network/storage_api/storage_requests.hpp"
#include "network/storage_api/used_signatures.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

enum class Right : std::uint8_t {
    write_dataset,  ///< anybody for a JOB that is not on chain yet, else its owner
    read_dataset,  ///< the assigned node while it works on the JOB, and the verifier; only a dataset of the JOB's owner
    write_result,  ///< the assigned node while the JOB is PROCESSING
    write_evidence,  ///< the assigned node while the JOB is SUBMITTED
    see_upload,      ///< the assigned node
    write_verdict,   ///< the verifier while the JOB is SUBMITTED or FAILED
    read_result,     ///< the assigned node, the verifier, and the owner once the JOB is VERIFIED
};

/// All must outlive the call.
struct AdmissionPorts {
    chain::Chain& chain;
    Clock& clock;
    UsedSignatures& used;
};

/// Returns the JOB when the request is well-formed (else 400), its address signed it within the last minute (else 401),
/// the JOB is on chain (else 404), the signer has `right` (else 403), and has not used the signature as often before as
/// it counts (else 401). 503 when the chain does not answer. For write_dataset only the JOB's record is read, and
/// `exist` may be false.
Task<OrRefusal<JobOnChain>> admit(AdmissionPorts ports, SignedRequest request, Right right);

/// The same of somebody who has shown otherwise than by a signature who they are.
Task<OrRefusal<JobOnChain>> find_permitted(chain::Chain& chain, JobId job, Address asker, Right right);

}  // namespace emeth::network
