// The check of one JOB: fetches artifact and dataset, and has an emeth-trainer child compute the verdict.
#pragma once

#include <cstdint>
#include <string>

#include "network/verifier/check_queue.hpp"
#include "network/verifier/verifier.hpp"
#include "runtime/blocking_pool.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::network {

struct Verdict {
    bool passed = false;
    std::string reason;     ///< when it did not pass
    std::uint64_t gas = 0;  ///< to be credited
    /// Artifact or evidence is missing, perhaps only for now: the result is rejected when the verifier's patience ends.
    bool may_pass_later = false;
};

inline constexpr std::uint64_t artifact_bytes_max = std::uint64_t{16} << 30;

/// The block that contains the submit. Its hash draws the segments to retrain.
struct SubmitBlock {
    Hash256 hash;
    std::int64_t timestamp_unix_s = 0;
};

/// An Error means that no verdict is possible now (the Storage API does not answer, the child was killed) and that the
/// caller should retry. A faulty delivery by the node, or a JOB whose param cannot be trained, is a Verdict.
///
/// What was fetched and computed stays in the JOB's folder, and the next try goes on from there.
Task<Result<Verdict>> check_job(chain::Chain& chain, api_client::StorageApiClient& storage, BlockingPool& pool,
                                VerifierOptions options, JobId id, SubmitBlock submit);

/// What the check of a JOB will cost. It always answers: a JOB of which too little is known to tell costs nothing,
/// since its check says soon what is wrong.
Task<CheckCost> estimate_check(chain::Chain& chain, api_client::StorageApiClient& storage, VerifierOptions options,
                               JobId id);

}  // namespace emeth::network
