// Why the verifier rejected results: verdict/<jobid>.json holds one reason of each JOB, the one that was signed last.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "api_client/verdict_reason.hpp"
#include "network/storage_api/object_store.hpp"
#include "network/storage_api/refusal.hpp"

namespace emeth::network {

struct SignedReason {
    api_client::VerdictReason reason;
    std::int64_t signed_at_ms = 0;
};

/// All calls block. May be used from several threads as long as no two calls put a reason of the same JOB.
class VerdictReasons {
public:
    explicit VerdictReasons(ObjectStore& store) : store_(store) {}

    /// Durable when it returns. 409 when one is there that was signed later.
    OrRefusal<void> put(const JobId& job, const SignedReason& reason);
    /// None if none was put. A file that cannot be read is 507.
    [[nodiscard]] OrRefusal<std::optional<SignedReason>> find(const JobId& job) const;

private:
    [[nodiscard]] std::filesystem::path file_of(const JobId& job) const;

    ObjectStore& store_;
};

}  // namespace emeth::network
