#include "http/event_listeners.hpp"

#include <fmt/format.h>

namespace emeth::http {

std::size_t EventListeners::from(const From& from) const {
    const auto found = count_.find(from);
    return found == count_.end() ? 0 : found->second;
}

std::optional<std::string> EventListeners::why_not(const From& from) const {
    std::size_t all = 0;
    for (const auto& [address, listeners] : count_) all += listeners;
    if (all >= places_max_) return fmt::format("{} listen already, as many as may at once", all);
    if (!from) return std::nullopt;
    if (this->from(from) >= per_address_max_)
        return fmt::format("{} listen already from {}, as many as may from one address", per_address_max_, *from);
    const std::size_t outsiders = all - this->from(std::nullopt);
    if (outsiders >= places_max_ - places_max_ / own_share)
        return fmt::format("{} listen already from other machines, as many as may at once", outsiders);
    return std::nullopt;
}

}  // namespace emeth::http
