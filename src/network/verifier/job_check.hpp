// One JOB's check: fetch artifact and dataset, have an emeth-trainer child compute the verdict.
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
    /// Artifact or evidence is not there (yet): it is rejected once the verifier's patience is over.
    bool may_pass_later = false;
};

inline constexpr std::uint64_t dataset_bytes_max = std::uint64_t{64} << 30;
inline constexpr std::uint64_t artifact_bytes_max = std::uint64_t{16} << 30;

/// `block_hash`: of the block that holds the submit; it draws the segments that are trained again. An Error means that
/// nothing can be said now (the Storage API does not answer, the child was killed), and that the caller should try
/// again. What the node delivered wrongly is a Verdict.
Task<Result<Verdict>> check_job(chain::Chain& chain, api_client::StorageApiClient& storage, VerifierOptions options,
                                JobId id, Hash256 block_hash);

}  // namespace emeth::network
