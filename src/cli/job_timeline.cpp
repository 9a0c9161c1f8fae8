#include "cli/job_timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "statemachine/text.hpp"

namespace emeth::cli {

namespace {

using namespace statemachine;
using storage::HistoryEntry;
using Run = std::span<const HistoryEntry>;

constexpr std::size_t run_min = 3;

template <class E>
const E* plain(const HistoryEntry& entry) {
    return entry.rejection ? nullptr : std::get_if<E>(&entry.event.body);
}

/// The beginning of `history` that is a run of `E`.
template <class E>
Run run_of(Run history) {
    const auto end =
        std::ranges::find_if(history, [](const HistoryEntry& entry) { return plain<E>(entry) == nullptr; });
    return history.first(static_cast<std::size_t>(end - history.begin()));
}

std::string of_total(std::uint64_t total) {
    return total == 0 ? std::string() : fmt::format(" of {}", total);
}

/// What a run is measured by: told by events before it.
struct Totals {
    std::uint64_t steps = 0, parts = 0;

    void note(const HistoryEntry& entry) {
        if (const auto* dataset = plain<DatasetReady>(entry)) steps = dataset->steps_total;
        if (const auto* upload = plain<UploadOpened>(entry)) parts = upload->parts_total;
    }
};

std::string checkpoints_text(Run run, const Totals& totals) {
    const Checkpoint& first = plain<CheckpointSaved>(run.front())->checkpoint;
    const Checkpoint& last = plain<CheckpointSaved>(run.back())->checkpoint;
    return fmt::format("{} checkpoints at steps {}–{}{}, loss {} → {}", run.size(), first.step, last.step,
                       of_total(totals.steps), loss_text(first.loss), loss_text(last.loss));
}

std::string parts_text(Run run, const Totals& totals) {
    std::uint32_t lowest = plain<PartUploaded>(run.front())->part, highest = lowest;
    for (const HistoryEntry& entry : run) {
        lowest = std::min(lowest, plain<PartUploaded>(entry)->part);
        highest = std::max(highest, plain<PartUploaded>(entry)->part);
    }
    return fmt::format("{} parts uploaded, {}–{}{}", run.size(), lowest, highest, of_total(totals.parts));
}

HistoryLine line_of(Run run, std::string text) {
    return {run.front().sequence, run.back().sequence, run.front().event.at_unix_ms, run.back().event.at_unix_ms,
            std::move(text)};
}

std::string text_of(const HistoryEntry& entry) {
    std::string text;
    if (entry.from != entry.to) text = fmt::format("{} → {}: ", name(entry.from), name(entry.to));
    text += describe(entry.event.body);
    if (entry.rejection) text += fmt::format(" [not applied: {}]", entry.rejection->reason);
    return text;
}

/// The run at the beginning of `rest`, told in one line; none: it is too short.
std::optional<HistoryLine> folded(Run rest, const Totals& totals, std::size_t& length) {
    if (const Run run = run_of<CheckpointSaved>(rest); run.size() >= run_min) {
        length = run.size();
        return line_of(run, checkpoints_text(run, totals));
    }
    if (const Run run = run_of<PartUploaded>(rest); run.size() >= run_min) {
        length = run.size();
        return line_of(run, parts_text(run, totals));
    }
    return std::nullopt;
}

}  // namespace

std::int64_t Stay::duration_ms(std::int64_t now_unix_ms) const {
    return std::max<std::int64_t>(0, left_unix_ms.value_or(now_unix_ms) - entered_unix_ms);
}

std::vector<Stay> timeline(const std::vector<HistoryEntry>& history) {
    std::vector<Stay> stays;
    for (const HistoryEntry& entry : history) {
        if (!stays.empty() && entry.from == entry.to) continue;
        if (!stays.empty()) stays.back().left_unix_ms = entry.event.at_unix_ms;
        stays.push_back({entry.to, entry.event.at_unix_ms, std::nullopt});
    }
    return stays;
}

std::vector<HistoryLine> told(const std::vector<HistoryEntry>& history, bool fold) {
    std::vector<HistoryLine> lines;
    Totals totals;
    for (Run rest(history); !rest.empty();) {
        std::size_t length = 1;
        auto line = fold ? folded(rest, totals, length) : std::nullopt;
        lines.push_back(line ? std::move(*line) : line_of(rest.first(1), text_of(rest.front())));
        totals.note(rest.front());
        rest = rest.subspan(length);
    }
    return lines;
}

}  // namespace emeth::cli
