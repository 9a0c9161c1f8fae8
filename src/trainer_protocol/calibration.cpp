#include "trainer_protocol/calibration.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <string_view>

#include "trainer_protocol/presets.hpp"

namespace emeth::trainer_protocol {
namespace {

constexpr std::size_t machine_bytes_max = 1'000;
constexpr std::size_t presets_max = 64;
constexpr std::size_t name_bytes_max = 64;

constexpr std::array source_names{"extrapolated", "tried", "seen"};

std::string_view name_of(SpeedSource source) {
    return source_names.at(static_cast<std::size_t>(source));
}

SpeedSource read_source(JsonObject& entry) {
    const std::string name = entry.string("source", name_bytes_max);
    const auto found = std::ranges::find(source_names, name);
    if (found != source_names.end()) return static_cast<SpeedSource>(found - source_names.begin());
    entry.reject("source", "extrapolated, tried or seen");
    return {};
}

}  // namespace

Calibration improved(Calibration known, const Calibration& again) {
    for (const auto& [model, speed] : again.training) {
        Speed& kept = known.training[model];
        if (speed.tokens_per_s <= kept.tokens_per_s) continue;
        if (kept.source == SpeedSource::seen)
            kept.tokens_per_s = (kept.tokens_per_s + speed.tokens_per_s) / 2;
        else
            kept = speed;
    }
    return known;
}

boost::json::object to_json(const Calibration& calibration) {
    boost::json::array training;
    for (const auto& [model, speed] : calibration.training)
        training.push_back(boost::json::object{
            {"model", model}, {"tokensPerS", speed.tokens_per_s}, {"source", name_of(speed.source)}});
    boost::json::object json{{"machine", calibration.machine}, {"training", std::move(training)}};
    if (calibration.watts) json["watts"] = *calibration.watts;
    return json;
}

Calibration read_calibration(JsonObject object) {
    Calibration calibration;
    calibration.machine = object.string("machine", machine_bytes_max);
    calibration.watts = object.optional_u64("watts", 1, watts_max);
    for (JsonObject& entry : object.objects("training", presets_max)) {
        const std::string model = entry.string("model", name_bytes_max);
        const Speed speed{entry.number("tokensPerS"), read_source(entry)};
        if (!is_preset_name(model)) entry.reject("model", "the name of a preset");
        if (!(speed.tokens_per_s > 0)) entry.reject("tokensPerS", "a positive number");
        calibration.training[model] = speed;
    }
    return calibration;
}

}  // namespace emeth::trainer_protocol
