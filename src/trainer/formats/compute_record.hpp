// With what the segments of a run were computed: the verifier trains them again in the same number type, and knows by
// it where other hardware may have made a difference. A record is what a node says of itself; it decides how closely a
// replay is compared, never whether one is made.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/json_fields.hpp"
#include "trainer/formats/precision.hpp"

namespace emeth::trainer {

struct ComputeRecord {
    Precision precision = Precision::float32;
    std::string device = "cpu";  ///< its kind: "cpu" or "cuda"
    std::uint32_t threads = 1;
    std::int64_t micro_batch = 1;
    std::string libraries;  ///< with the kernels that they chose: library_description()

    friend bool operator==(const ComputeRecord&, const ComputeRecord&) = default;
    [[nodiscard]] bool same_hardware(const ComputeRecord& other) const {
        return device == other.device && libraries == other.libraries;
    }
};

boost::json::object to_json(const ComputeRecord& record);
ComputeRecord read_compute_record(JsonObject object);

/// Of a whole run. Each segment has at least one record: more where it was interrupted and continued on other terms, or
/// where helpers computed a share.
struct ComputeHistory {
    static constexpr std::size_t records_max = 16;

    std::vector<ComputeRecord> records;                ///< different ones
    std::vector<std::vector<std::uint32_t>> segments;  ///< the places of each segment's records, ascending

    /// True when that was new. One record too many is told by the last one, of "other" libraries.
    bool add(std::uint32_t segment, const ComputeRecord& record);
    /// The number type of a segment.
    [[nodiscard]] Precision precision(std::uint32_t segment) const {
        return records[segments[segment].front()].precision;
    }

    friend bool operator==(const ComputeHistory&, const ComputeHistory&) = default;
};

/// The most bytes that the JSON of a history takes, besides bytes_per_segment for each segment.
inline constexpr std::uint64_t history_bytes_besides_segments = 8'192;
inline constexpr std::uint64_t history_bytes_per_segment = 3 * ComputeHistory::records_max + 3;

/// Writes the fields "compute" and "segments".
void write_history(const ComputeHistory& history, boost::json::object& object);
/// Reads them, for exactly `segments` segments; what is wrong is an error of `object`. A single record in "compute" is
/// that of all segments: so a run was described before segments had records.
ComputeHistory read_history(JsonObject& object, std::uint32_t segments);

}  // namespace emeth::trainer
