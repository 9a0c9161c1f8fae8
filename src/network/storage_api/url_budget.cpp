#include "network/storage_api/url_budget.hpp"

#include <fmt/format.h>

namespace emeth::network {

OrRefusal<void> UrlBudget::take(const Address& address, std::uint64_t urls, std::int64_t now_ms) {
    constexpr std::int64_t minute_ms = 60'000;
    if (const std::int64_t minute = now_ms / minute_ms; minute != minute_) {
        minute_ = minute;
        given_.clear();
    }
    std::uint64_t& given = given_[address];
    if (urls > urls_per_minute_max - given)
        return Refusal{429, fmt::format("{} was given {} URLs within a minute, and may have {}; wait a minute",
                                        address.hex(), given, urls_per_minute_max)};
    given += urls;
    return {};
}

}  // namespace emeth::network
