// The check of one JOB: fetches artifact and dataset, and has an emeth-trainer child compute the verdict.
#pragma once

#include <cstdint>
#include <string>

#include "network/verifier/verifier.hpp"
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

/// `block_hash` is that of the block that contains the submit; it draws the segments to retrain. An Error means that no
/// verdict is possible now (the Storage API does not answer, the child was killed) and that the caller should retry. A
/// faulty delivery by the node, or a JOB whose param cannot be trained, is a Verdict.
Task<Result<Verdict>> check_job(chain::Chain& chain, api_client::StorageApiClient& storage, VerifierOptions options,
                                JobId id, Hash256 block_hash);

}  // namespace emeth::network
