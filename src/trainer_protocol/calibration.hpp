// What a machine can train, and how fast: its trainer measures it once, its worker keeps it, and both refer to it by
// preset.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "runtime/json_fields.hpp"

namespace emeth::trainer_protocol {

enum class SpeedSource : std::uint8_t {
    extrapolated,  ///< from another preset's speed, by the operations of a token
    tried,         ///< in a few steps of a trial
    seen,          ///< over a JOB
};

struct Speed {
    double tokens_per_s = 0;
    SpeedSource source = SpeedSource::extrapolated;
};

/// More than any machine draws that trains here.
inline constexpr std::uint64_t watts_max = 100'000;

struct Calibration {
    /// Everything that speeds depend on, for people and for comparison: processor, libtorch, BLAS, threads, device and
    /// number type. Another text means another machine, and what was measured no longer holds.
    std::string machine;
    std::map<std::string, Speed> training;  ///< by preset; one that does not fit into memory is missing
    /// What the machine draws while its trainer runs, 1 to watts_max; none: not measured. The trainer knows nothing of
    /// it.
    std::optional<std::uint64_t> watts{};
};

/// After another trial on the same machine. The faster one of two trials counts, since a machine that has other things
/// to do is slow only for a while. What was seen with a JOB outweighs a trial, but a faster trial moves it half-way, so
/// that one slow JOB does not refuse all later ones.
Calibration improved(Calibration known, const Calibration& again);

/// {"machine", "training": [{"model", "tokensPerS", "source": "extrapolated" | "tried" | "seen"}, …], "watts"}
boost::json::object to_json(const Calibration& calibration);
Calibration read_calibration(JsonObject object);

}  // namespace emeth::trainer_protocol
