#include "network/storage_api/used_signatures.hpp"

#include <fmt/format.h>

#include "crypto/api_signature.hpp"

namespace emeth::network {

void UsedSignatures::forget_oldest() {
    const auto oldest = by_time_.begin();
    const auto count = counts_.find(std::get<Address>(oldest->first));
    if (--count->second == 0) counts_.erase(count);
    by_time_.erase(oldest);
}

OrRefusal<void> UsedSignatures::use(const Address& signer, const Hash256& digest, std::int64_t signed_at_ms,
                                    std::int64_t now_ms, unsigned times_max) {
    while (!by_time_.empty() && now_ms - std::get<std::int64_t>(by_time_.begin()->first) > crypto::signature_valid_ms)
        forget_oldest();
    const std::tuple used{signed_at_ms, signer, digest};
    if (const auto before = by_time_.find(used); before != by_time_.end()) {
        if (before->second >= times_max)
            return Refusal{401, "this signature was used before; sign the request again, with the time of now"};
        ++before->second;
        return {};
    }
    const auto count = counts_.find(signer);
    if (count != counts_.end() && count->second >= per_address_max)
        return Refusal{429, fmt::format("{} has sent {} requests within a minute, as many as it may; wait a minute",
                                        signer.hex(), count->second)};
    if (by_time_.size() >= total_max) forget_oldest();
    by_time_.emplace(used, 1);
    ++counts_[signer];
    return {};
}

}  // namespace emeth::network
