#include "trainer/formats/compute_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <optional>
#include <utility>

namespace emeth::trainer {
namespace {

namespace json = boost::json;

constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t libraries_bytes_max = 200;
constexpr std::uint64_t threads_max = 1 << 16;
constexpr std::int64_t micro_batch_max = 1 << 20;
/// Stands for all records that found no place: their hardware is not known.
constexpr const char* other_libraries = "other";

/// Nothing where it is no list of at least one different place below `records`.
std::optional<std::vector<std::uint32_t>> read_places(const json::value& value, std::size_t records) {
    if (!value.is_array() || value.get_array().empty() || value.get_array().size() > records) return std::nullopt;
    std::vector<std::uint32_t> places;
    for (const json::value& element : value.get_array()) {
        if (!element.is_int64() || element.get_int64() < 0) return std::nullopt;
        const auto place = static_cast<std::uint64_t>(element.get_int64());
        if (place >= records || (!places.empty() && place <= places.back())) return std::nullopt;
        places.push_back(static_cast<std::uint32_t>(place));
    }
    return places;
}

bool have_one_precision(const ComputeHistory& history, const std::vector<std::uint32_t>& places) {
    return std::ranges::all_of(places, [&](std::uint32_t place) {
        return history.records[place].precision == history.records[places.front()].precision;
    });
}

}  // namespace

json::object to_json(const ComputeRecord& record) {
    return {{"device", record.device},
            {"threads", record.threads},
            {"precision", precision_name(record.precision)},
            {"micro_batch", record.micro_batch},
            {"libraries", record.libraries}};
}

ComputeRecord read_compute_record(JsonObject object) {
    ComputeRecord record;
    record.device = object.string("device", name_bytes_max);
    record.threads = static_cast<std::uint32_t>(object.u64("threads", 1, threads_max));
    const std::string precision = object.string("precision", name_bytes_max);
    if (precision != "float32" && precision != "bf16") object.reject("precision", "\"float32\" or \"bf16\"");
    record.precision = precision == "bf16" ? Precision::bf16 : Precision::float32;
    record.micro_batch = object.i64("micro_batch", 1, micro_batch_max);
    record.libraries = object.optional_string("libraries", libraries_bytes_max).value_or("");
    return record;
}

bool ComputeHistory::add(std::uint32_t segment, const ComputeRecord& record) {
    auto found = std::ranges::find(records, record);
    if (found == records.end()) {
        if (records.size() < records_max) records.push_back(record);
        found = records.end() - 1;
        if (*found != record) found->libraries = other_libraries;
    }
    const auto place = static_cast<std::uint32_t>(found - records.begin());
    std::vector<std::uint32_t>& places = segments.at(segment);
    const auto where = std::ranges::lower_bound(places, place);
    if (where != places.end() && *where == place) return false;
    places.insert(where, place);
    return true;
}

void write_history(const ComputeHistory& history, json::object& object) {
    json::array records, segments;
    for (const ComputeRecord& record : history.records) records.emplace_back(to_json(record));
    for (const auto& places : history.segments) segments.emplace_back(json::array(places.begin(), places.end()));
    object["compute"] = std::move(records);
    object["segments"] = std::move(segments);
}

ComputeHistory read_history(JsonObject& object, std::uint32_t segments) {
    ComputeHistory history;
    if (!object.has("segments")) {
        history.records.push_back(read_compute_record(object.object("compute")));
        history.segments.assign(segments, {0});
        return history;
    }
    for (JsonObject& record : object.objects("compute", ComputeHistory::records_max))
        history.records.push_back(read_compute_record(std::move(record)));
    const auto listed = object.array("segments", segments);
    if (listed.size() != segments) {
        object.reject("segments", fmt::format("an array of {} lists, one for each segment", segments));
        return history;
    }
    for (const json::value& value : listed) {
        auto places = read_places(value, history.records.size());
        if (!places || !have_one_precision(history, *places)) {
            object.reject("segments",
                          "for each segment the ascending places of its records in 'compute', all of one precision");
            return history;
        }
        history.segments.push_back(*std::move(places));
    }
    return history;
}

}  // namespace emeth::trainer
