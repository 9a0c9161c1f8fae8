// When nobody needs an object or an upload any more: a decision without I/O, on what the chain says about its JOB.
#pragma once

#include <cstdint>
#include <optional>

#include "chain/chain.hpp"
#include "network/storage_api/storage_limits.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

struct StoredItem {
    enum class Kind : std::uint8_t { dataset, result, open_upload };
    Kind kind = Kind::dataset;
    Address uploader{};                  ///< of a dataset
    std::int64_t touched_at_unix_s = 0;  ///< stored, or put again
};

/// What is known about the item's JOB.
struct JobOutlook {
    chain::JobRecord record;
    chain::JobAssign assign;
    /// How long this server has known that the JOB has ended (s): a block that ended it may be reorganised away.
    std::int64_t known_ended_s = 0;
};

/// VERIFIED, CANCELED, TIMEOUT, FAILED or DECLINED.
bool has_ended(const chain::JobRecord& record);

/// `now_unix_s`: the earlier of this machine's time and that of the chain's latest block, so that a chain that lags
/// behind condemns nothing.
bool is_expired(const StoredItem& item, const JobOutlook& job, const StorageLimits& limits, std::int64_t now_unix_s);

/// An item that is younger is needed, whatever its JOB does (s).
std::int64_t youngest_that_expires_s(const StorageLimits& limits);

}  // namespace emeth::network
