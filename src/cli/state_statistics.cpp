#include "cli/state_statistics.hpp"

#include <algorithm>

namespace emeth::cli {

using statemachine::State;

void StateStatistics::add(const std::vector<Stay>& stays) {
    if (stays.empty()) return;
    ++jobs_;
    ++now_[stays.back().state];
    for (const Stay& stay : stays)
        if (stay.left_unix_ms) durations_ms_[stay.state].push_back(stay.duration_ms(*stay.left_unix_ms));
}

std::uint64_t StateStatistics::jobs_in(State state) const {
    const auto found = now_.find(state);
    return found == now_.end() ? 0 : found->second;
}

std::uint64_t StateStatistics::stays_in(State state) const {
    const auto found = durations_ms_.find(state);
    return found == durations_ms_.end() ? 0 : found->second.size();
}

std::optional<std::int64_t> StateStatistics::percentile_ms(State state, unsigned percent) const {
    const auto found = durations_ms_.find(state);
    if (found == durations_ms_.end() || found->second.empty()) return std::nullopt;
    std::vector<std::int64_t>& durations = found->second;
    const std::size_t rank = (durations.size() * percent + 99) / 100;
    const auto wanted = durations.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
    std::nth_element(durations.begin(), wanted, durations.end());
    return *wanted;
}

}  // namespace emeth::cli
