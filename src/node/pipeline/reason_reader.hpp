// Why the verifier rejected a JOB's result. It is told to the operator and decides nothing: a Storage API that is away,
// or has never heard of reasons, must not keep the JOB from ending. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api_client/storage_api_client.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::node {

class ReasonReader {
public:
    /// `artifacts` must outlive it.
    explicit ReasonReader(api_client::ArtifactStore& artifacts) : artifacts_(artifacts) {}

    /// What the verifier says of the submit in the block with this hash (none: of whichever it judged): one line. Empty
    /// where nothing is said, and after a few failures; before, they are transient Errors.
    Task<Result<std::string>> read(JobId job, std::optional<Hash256> submit_block);

private:
    static constexpr std::uint32_t failures_max = 5;

    api_client::ArtifactStore& artifacts_;
    std::uint32_t failures_ = 0;
};

}  // namespace emeth::node
