// How often signed requests were served, until their signatures expire. Pure memory, io thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>

#include "network/storage_api/refusal.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

class UsedSignatures {
public:
    static constexpr std::size_t per_address_max = 4'096;
    /// Above it the oldest are forgotten: whoever makes up addresses must not have others refused.
    static constexpr std::size_t total_max = 65'536;

    /// Takes note of what `signer` signed. 401 if it was used `times_max` times before, 429 if they have used too many
    /// signatures within a minute.
    OrRefusal<void> use(const Address& signer, const Hash256& digest, std::int64_t signed_at_ms, std::int64_t now_ms,
                        unsigned times_max = 1);
    [[nodiscard]] std::size_t size() const { return by_time_.size(); }

private:
    void forget_oldest();

    std::map<std::tuple<std::int64_t, Address, Hash256>, unsigned> by_time_;  ///< by signed_at_ms; how often
    std::map<Address, std::size_t> counts_;                                   ///< of signatures
};

}  // namespace emeth::network
