#include "soak/lost_steps.hpp"

#include <algorithm>
#include <variant>

namespace emeth::soak {

namespace sm = statemachine;

std::uint64_t steps_trained_twice(const std::vector<storage::HistoryEntry>& history,
                                  const std::vector<SeenStep>& seen) {
    std::uint64_t lost = 0, highest = 0;
    auto next = seen.begin();
    for (const auto& entry : history) {
        if (entry.rejection) continue;
        for (; next != seen.end() && next->seen_at_unix_ms < entry.event.at_unix_ms; ++next)
            highest = std::max(highest, next->step);
        if (const auto* saved = std::get_if<sm::CheckpointSaved>(&entry.event.body))
            highest = std::max(highest, saved->checkpoint.step);
        const auto* resumed = std::get_if<sm::TrainingResumed>(&entry.event.body);
        if (resumed == nullptr) continue;
        if (highest > resumed->step) lost += highest - resumed->step;
        highest = resumed->step;
    }
    return lost;
}

}  // namespace emeth::soak
