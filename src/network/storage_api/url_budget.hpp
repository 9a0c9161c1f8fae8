// How many URLs are signed for an address within a minute, since each costs time and space in the answer. Pure memory,
// io thread only.
#pragma once

#include <cstdint>
#include <map>

#include "network/storage_api/refusal.hpp"
#include "statemachine/types.hpp"

namespace emeth::network {

class UrlBudget {
public:
    /// Twenty times the largest upload.
    static constexpr std::uint64_t urls_per_minute_max = 200'000;

    /// 429 when the address has had as many as it may. Only addresses that have an upload may come here: each is kept
    /// in mind for a minute.
    OrRefusal<void> take(const Address& address, std::uint64_t urls, std::int64_t now_ms);
    [[nodiscard]] std::size_t size() const { return given_.size(); }

private:
    std::int64_t minute_ = 0;
    std::map<Address, std::uint64_t> given_;  ///< in this minute
};

}  // namespace emeth::network
