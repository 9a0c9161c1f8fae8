#include "trainer_protocol/job_param.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/json_fields.hpp"
#include "trainer_protocol/presets.hpp"

namespace emeth::trainer_protocol {

namespace {

constexpr std::size_t name_bytes_max = 64;

}  // namespace

Result<JobSpec> parse_job_param(const JobId& id, std::string_view param, const NetworkRules& rules) {
    const auto json = parse_json(param, param_bytes_max, "param");
    if (json.has_error()) return json.error();
    JsonObject fields(*json, "param");
    JobSpec spec;
    spec.id = id;
    spec.language = fields.string("language", name_bytes_max);
    if (spec.language != "en" && spec.language != "ja") fields.reject("language", "\"en\" or \"ja\"");
    const auto asked = static_cast<std::uint32_t>(fields.u64("epoch", 1, epochs_max));
    spec.epochs = std::max(rules.epochs_min, asked);
    const std::optional<std::string> model = fields.optional_string("model", name_bytes_max);
    if (model && !find_preset(*model)) fields.reject("model", preset_choice());
    if (auto check = fields.check(); check.has_error()) return check.error();
    if (spec.epochs > epochs_accepted_for(asked))
        return permanent_error(
            fmt::format("n_epoch is {}, but a verifier takes at most {} epochs of a JOB that asks for {}",
                        rules.epochs_min, epochs_accepted_for(asked), asked));
    spec.model = model.value_or(rules.default_model);
    if (const auto preset = find_preset(spec.model); preset.has_error())
        return in_context("default_model", preset.error());
    return spec;
}

}  // namespace emeth::trainer_protocol
