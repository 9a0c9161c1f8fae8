#include "trainer/formats/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "runtime/json_fields.hpp"
#include "runtime/json_keys.hpp"
#include "trainer/data/seed.hpp"
#include "trainer/formats/hyperparameters.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::trainer {
namespace {

namespace json = boost::json;

constexpr std::uint64_t format_version = 1;
constexpr std::size_t name_bytes_max = 64;
constexpr std::uint64_t count_max = std::uint64_t{1} << 53;
constexpr std::size_t members_max = 16;
constexpr std::uint64_t bytes_besides_lists = 8'192 + history_bytes_besides_segments;
constexpr std::uint64_t bytes_per_epoch = 32;  // a loss
constexpr std::uint64_t bytes_per_segment = 2 * Hash256::size_bytes + 8 + history_bytes_per_segment;
constexpr double loss_max = std::numeric_limits<float>::max();

json::object seeds_of(const JobId& job) {
    json::object seeds;
    for (const std::string_view label : {"weights", "order", "validation", "tokenizer"})
        seeds[label] = derive_seed(job, label).hex();
    return seeds;
}

json::object hyperparameters_of(const Preset& preset, std::int64_t sequences_per_step) {
    const OptimiserSettings& settings = optimiser_settings;
    return {{"width", preset.width},
            {"layers", preset.layers},
            {"heads", preset.heads},
            {"context", preset.context},
            {"vocabulary", preset.vocabulary},
            {"sequences_per_step", sequences_per_step},
            {"tokens_per_step", sequences_per_step * preset.context},
            {"learning_rate", preset.learning_rate},
            {"warm_up_share", settings.warm_up_share},
            {"final_share", settings.final_share},
            {"beta1", settings.beta1},
            {"beta2", settings.beta2},
            {"epsilon", settings.epsilon},
            {"weight_decay", settings.weight_decay},
            {"gradient_norm_max", settings.gradient_norm_max}};
}

json::object members_of(const Manifest& manifest) {
    json::object members;
    for (const auto& [name, sha256] : manifest.members) members[name] = sha256.hex();
    return members;
}

json::array states_of(const Manifest& manifest) {
    json::array states;
    for (const Hash256& digest : manifest.states) states.emplace_back(digest.hex());
    return states;
}

void read_states(JsonObject& object, std::uint32_t segments_max, Manifest& manifest) {
    for (const json::value& state : object.array("states", segments_max + std::size_t{1})) {
        const auto digest = state.is_string() ? Hash256::parse(std::string_view(state.get_string())) : std::nullopt;
        if (!digest) return object.reject("states", "an array of SHA-256 digests");
        manifest.states.push_back(*digest);
    }
    if (manifest.states.empty()) object.reject("states", "an array of at least one SHA-256 digest");
}

/// States hold their step, so no two of a run are the same.
Result<void> require_different_states(const std::vector<Hash256>& states) {
    std::map<Hash256, std::size_t> places;
    for (std::size_t place = 0; place < states.size(); ++place) {
        const auto [first, added] = places.emplace(states[place], place);
        if (!added)
            return permanent_error(
                fmt::format("manifest.json: field 'states' has the same digest in places {} and {}; no two states of a "
                            "run are the same",
                            first->second, place));
    }
    return {};
}

bool is_loss(double value) {
    return value >= 0 && value <= loss_max;  // false for NaN
}

void read_losses(JsonObject& object, Manifest& manifest) {
    const std::string expected = fmt::format("an array of {} losses, one for each epoch", manifest.epochs);
    for (const json::value& loss : object.array("epoch_losses", manifest.epochs)) {
        const double value = loss.is_number() ? loss.to_number<double>() : NAN;
        if (!is_loss(value)) object.reject("epoch_losses", expected);
        manifest.epoch_losses.push_back(value);
    }
    if (manifest.epoch_losses.size() != manifest.epochs) object.reject("epoch_losses", expected);
    manifest.validation_loss = object.number("validation_loss");
    if (!is_loss(manifest.validation_loss)) object.reject("validation_loss", "a float32 that is not negative");
}

/// It goes into messages, and names a file.
bool is_member_name(std::string_view name) {
    return !name.empty() && name.size() <= name_bytes_max && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    });
}

void read_members(const json::value& value, JsonObject& object, Manifest& manifest) {
    JsonObject members = object.object("members");
    const json::value* found = value.is_object() ? value.get_object().if_contains("members") : nullptr;
    if (found == nullptr || !found->is_object()) return;
    if (found->get_object().size() > members_max) return object.reject("members", "a short list");
    for (const auto& [name, digest] : found->get_object()) {
        if (!is_member_name(name)) return object.reject("members", "digests by the names of files");
        manifest.members[name] = members.fixed<Hash256>(name);
    }
}

}  // namespace

std::string write_manifest(const Manifest& manifest, const Preset& preset) {
    json::object object{{"format", format_version},
                        {"job", manifest.job.hex()},
                        {"language", manifest.language},
                        {"model", manifest.model},
                        {"epochs", manifest.epochs},
                        {"steps_per_epoch", manifest.steps_per_epoch},
                        {"steps", manifest.steps},
                        {"dataset",
                         {{"sha256", manifest.dataset_sha256.hex()},
                          {"bytes", manifest.dataset_bytes},
                          {"tokens", manifest.dataset_tokens}}},
                        {"seeds", seeds_of(manifest.job)},
                        {"hyperparameters", hyperparameters_of(preset, manifest.sequences_per_step)},
                        {"epoch_losses", json::array(manifest.epoch_losses.begin(), manifest.epoch_losses.end())},
                        {"validation_loss", manifest.validation_loss},
                        {"states", states_of(manifest)},
                        {"members", members_of(manifest)}};
    write_history(manifest.compute, object);
    return json_text(object) + "\n";
}

std::uint64_t ManifestBounds::bytes_max() const {
    return bytes_besides_lists + bytes_per_epoch * epochs_max + bytes_per_segment * (segments_max + std::uint64_t{1});
}

Result<Manifest> read_manifest(std::string_view text, const ManifestBounds& bounds) {
    const Result<json::value> json = parse_json(text, bounds.bytes_max(), "manifest.json");
    if (json.has_error()) return json.error();
    if (Result<void> unique = require_unique_keys(text, "manifest.json"); unique.has_error()) return unique.error();
    JsonObject object(*json, "manifest.json");
    object.u64("format", format_version, format_version);
    Manifest manifest;
    manifest.job = object.fixed<JobId>("job");
    manifest.language = object.string("language", name_bytes_max);
    manifest.model = object.string("model", name_bytes_max);
    manifest.epochs = static_cast<std::uint32_t>(object.u64("epochs", 1, bounds.epochs_max));
    manifest.steps_per_epoch = object.u64("steps_per_epoch", 1, count_max);
    manifest.steps = object.u64("steps", 1, count_max);
    JsonObject dataset = object.object("dataset");
    manifest.dataset_sha256 = dataset.fixed<Hash256>("sha256");
    manifest.dataset_bytes = dataset.u64("bytes", 0, count_max);
    manifest.dataset_tokens = dataset.u64("tokens", 0, count_max);
    JsonObject hyperparameters = object.object("hyperparameters");
    manifest.sequences_per_step = hyperparameters.i64("sequences_per_step", 1, 1 << 20);
    read_losses(object, manifest);
    read_states(object, bounds.segments_max, manifest);
    const std::size_t segments = std::max<std::size_t>(manifest.states.size(), 1) - 1;
    manifest.compute = read_history(object, static_cast<std::uint32_t>(segments));
    read_members(*json, object, manifest);
    if (Result<void> check = object.check(); check.has_error()) return check.error();
    if (Result<void> different = require_different_states(manifest.states); different.has_error())
        return different.error();
    return manifest;
}

}  // namespace emeth::trainer
