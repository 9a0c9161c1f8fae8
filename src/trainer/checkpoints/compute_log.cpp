#include "trainer/checkpoints/compute_log.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <utility>

#include "runtime/durable_file.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/log.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::trainer {
namespace {

using trainer_protocol::segments_max;

constexpr std::uint64_t file_bytes_max = history_bytes_besides_segments + segments_max * history_bytes_per_segment;

}  // namespace

ComputeLog::ComputeLog(const std::filesystem::path& folder) : path_(folder / "compute.json") {
    load();
}

std::optional<Precision> ComputeLog::precision() const {
    if (history_.records.empty()) return std::nullopt;
    return history_.records.front().precision;
}

void ComputeLog::begin(const ComputeRecord& own, const Plan& plan, std::uint64_t first_step) {
    own_ = own;
    ComputeHistory before = std::exchange(history_, {});
    if (before.segments.size() != plan.segments) before.segments.assign(plan.segments, {});
    history_.segments.resize(plan.segments);
    begins_.clear();
    for (std::uint32_t segment = 0; segment < plan.segments; ++segment) {
        begins_.push_back(trainer_protocol::step_of_state(segment, plan.segments, plan.steps_total));
        if (begins_.back() >= first_step) continue;
        for (const std::uint32_t place : before.segments[segment]) history_.add(segment, before.records[place]);
        if (history_.segments[segment].empty()) history_.add(segment, own);
    }
}

Result<void> ComputeLog::step_computed(std::uint64_t step, std::span<const ComputeRecord> others) {
    const auto next = std::ranges::upper_bound(begins_, step);
    const auto segment = static_cast<std::uint32_t>(next - begins_.begin() - 1);
    bool changed = history_.add(segment, own_);
    for (const ComputeRecord& other : others) changed = history_.add(segment, other) || changed;
    if (!changed) return {};
    Result<void> saved = save();
    if (saved.has_error()) return in_context("cannot save what computed the segment", saved.error());
    return saved;
}

/// Segments that have not begun are not written.
Result<void> ComputeLog::save() const {
    ComputeHistory begun = history_;
    while (!begun.segments.empty() && begun.segments.back().empty()) begun.segments.pop_back();
    boost::json::object object{{"segmentsTotal", history_.segments.size()}};
    write_history(begun, object);
    return write_file_durably(path_, json_text(object));
}

void ComputeLog::load() {
    std::error_code ignored;
    if (!std::filesystem::exists(path_, ignored)) return;
    const Result<std::string> text = read_file(path_, file_bytes_max);
    const Result<boost::json::value> json = text ? parse_json(*text, file_bytes_max, path_.string()) : text.error();
    if (json.has_error()) return spdlog::warn("what computed the run so far cannot be read: {}", json.error().message);
    JsonObject object(*json, path_.string());
    const auto total = object.u64("segmentsTotal", 1, segments_max);
    const auto begun = object.array("segments", total).size();
    ComputeHistory history = read_history(object, static_cast<std::uint32_t>(begun));
    if (Result<void> check = object.check(); !check)
        return spdlog::warn("what computed the run so far cannot be read: {}", check.error().message);
    history.segments.resize(total);
    history_ = std::move(history);
}

}  // namespace emeth::trainer
