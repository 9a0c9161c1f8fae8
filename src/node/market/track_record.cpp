#include "node/market/track_record.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <utility>

#include "chain/amount.hpp"
#include "node/market/normal_distribution.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::node {
namespace {

namespace json = boost::json;
using JobResult = EndedJob::Result;

constexpr std::size_t note_bytes_max = 32'768;
constexpr std::string_view what = "the note of how this node's JOBs went";
/// As they are stored.
constexpr std::array<std::pair<JobResult, std::string_view>, 3> names{
    {{JobResult::verified, "verified"}, {JobResult::rejected, "rejected"}, {JobResult::missed, "missed"}}};

double share_of(Chance chance) {
    return static_cast<double>(chance) / chain::rate_denominator;
}

/// Rounded up, since what is not known exactly counts against the JOB; not for the last bits of a double, though.
Chance chance_of(double share) {
    constexpr double rounding = 1e-6;
    const double exact = std::clamp(share, 0.0, 1.0) * chain::rate_denominator;
    return static_cast<Chance>(std::ceil(std::max(0.0, exact - rounding)));
}

/// What is remembered, in figures.
struct Counts {
    std::vector<double> ratios;
    double verified = 0, rejected = 0, missed = 0;
};

Counts count(const TrackRecord& record, std::int64_t now_unix_s) {
    Counts counts;
    for (const EndedJob& job : record.jobs) {
        if (now_unix_s - job.ended_at_unix_s > TrackRecord::remembered_s) continue;
        counts.verified += job.result == JobResult::verified ? 1 : 0;
        counts.rejected += job.result == JobResult::rejected ? 1 : 0;
        counts.missed += job.result == JobResult::missed ? 1 : 0;
        if (job.result != JobResult::missed && job.finish_ratio > 0) counts.ratios.push_back(job.finish_ratio);
    }
    return counts;
}

/// 1 − Φ((ratio − mean) / deviation)
double share_above(const std::vector<double>& ratios, double ratio) {
    const auto number = static_cast<double>(ratios.size());
    double mean = 0, squares = 0;
    for (const double each : ratios) mean += each / number;
    for (const double each : ratios) squares += (each - mean) * (each - mean) / number;
    const double deviation = std::max(std::sqrt(squares), least_finish_deviation * mean);
    return normal_share_above(ratio, mean, deviation);
}

JobResult read_result(JsonObject& fields) {
    constexpr std::size_t name_bytes_max = 16;
    const std::string name = fields.string("result", name_bytes_max);
    for (const auto& [result, known] : names)
        if (known == name) return result;
    fields.reject("result", "verified, rejected or missed");
    return JobResult::missed;
}

}  // namespace

void add(TrackRecord& record, EndedJob job) {
    if (!std::isfinite(job.finish_ratio) || job.finish_ratio < 0) job.finish_ratio = 0;
    if (record.jobs.size() >= TrackRecord::jobs_max) record.jobs.erase(record.jobs.begin());
    record.jobs.push_back(job);
}

Chance chance_to_miss(const TrackRecord& record, std::int64_t now_unix_s, std::int64_t estimate_s, std::int64_t left_s,
                      Chance assumed) {
    const Counts counts = count(record, now_unix_s);
    const auto seen = static_cast<double>(counts.ratios.size());
    double expected = assumed_jobs * share_of(assumed) + counts.missed;
    if (seen > 0) {
        const double ratio = static_cast<double>(left_s) / static_cast<double>(std::max<std::int64_t>(1, estimate_s));
        expected += seen * share_above(counts.ratios, ratio);
    }
    return chance_of(expected / (assumed_jobs + counts.missed + seen));
}

Chance chance_of_rejection(const TrackRecord& record, std::int64_t now_unix_s, Chance assumed) {
    const Counts counts = count(record, now_unix_s);
    const double expected = assumed_jobs * share_of(assumed) + counts.rejected;
    return chance_of(expected / (assumed_jobs + counts.verified + counts.rejected));
}

std::string to_text(const TrackRecord& record) {
    json::array jobs;
    for (const EndedJob& job : record.jobs) {
        const auto name = std::ranges::find(names, job.result, [](const auto& row) { return row.first; });
        jobs.push_back(
            json::object{{"ended", job.ended_at_unix_s}, {"result", name->second}, {"ratio", job.finish_ratio}});
    }
    return json_text(json::object{{"jobs", std::move(jobs)}});
}

Result<TrackRecord> read_track_record(std::string_view text) {
    const auto parsed = parse_json(text, note_bytes_max, what);
    if (parsed.has_error()) return parsed.error();
    JsonObject fields(*parsed, what);
    TrackRecord record;
    for (JsonObject& entry : fields.objects("jobs", TrackRecord::jobs_max)) {
        EndedJob job;
        job.ended_at_unix_s = entry.i64("ended", 0);
        job.result = read_result(entry);
        job.finish_ratio = entry.number("ratio");
        add(record, job);
    }
    if (const auto check = fields.check(); check.has_error()) return check.error();
    return record;
}

}  // namespace emeth::node
