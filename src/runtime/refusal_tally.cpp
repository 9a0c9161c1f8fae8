#include "runtime/refusal_tally.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace emeth {

void RefusalTally::note(std::string_view cause, const std::string& address, std::string_view detail) {
    auto found = causes_.find(cause);
    if (found == causes_.end()) {
        if (causes_.size() >= causes_max) return;
        found = causes_.emplace(cause, Cause{}).first;
    }
    Cause& counted = found->second;
    ++counted.times;
    counted.last_detail = detail;
    if (counted.by_address.size() < addresses_max || counted.by_address.contains(address))
        ++counted.by_address[address];
}

std::vector<std::string> RefusalTally::due(Milliseconds now) {
    std::vector<std::string> lines;
    for (auto& [name, cause] : causes_) {
        if (cause.times == 0 || (cause.told_at && now < *cause.told_at + line_interval)) continue;
        lines.push_back(text_of(name, cause));
        cause = Cause{};
        cause.told_at = now;
    }
    return lines;
}

std::string RefusalTally::text_of(std::string_view name, const Cause& cause) {
    const auto most = std::ranges::max_element(
        cause.by_address, [](const auto& left, const auto& right) { return left.second < right.second; });
    const std::string who =
        cause.times == 1 ? fmt::format("from {}", most->first)
                         : fmt::format("{} times, most often from {} ({})", cause.times, most->first, most->second);
    if (cause.last_detail.empty()) return fmt::format("{}: {}", name, who);
    return fmt::format("{}: {}; {}{}", name, who, cause.times == 1 ? "" : "the last: ", cause.last_detail);
}

}  // namespace emeth
