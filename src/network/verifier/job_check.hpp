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
    bool may_pass_later =
        false;  ///< artifact or evidence is not there: a rejection once the verifier's patience is over
};

inline constexpr std::uint64_t dataset_bytes_max = std::uint64_t{64} << 30;
inline constexpr std::uint64_t artifact_bytes_max = std::uint64_t{16} << 30;

/// `block_hash`: of the block that holds the submit; it draws the segments that are trained again. An Error means that
/// nothing can be said now (the storage is away, the child was killed): to be tried again. What the node delivered
/// wrongly is a Verdict.
Task<Result<Verdict>> check_job(chain::Chain& chain, api_client::StorageApiClient& storage, VerifierOptions options,
                                JobId id, Hash256 block_hash);

}  // namespace emeth::network
