#include "trainer_protocol/job_param.hpp"

#include <algorithm>

#include "runtime/json_fields.hpp"

namespace emeth::trainer_protocol {

namespace {

constexpr std::size_t name_bytes_max = 64;

/// A preset's name is compared, recorded and shown: nothing but letters, digits, '-', '_' and '.' may be in it.
bool is_plain_name(std::string_view text) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

}  // namespace

Result<JobSpec> parse_job_param(const JobId& id, std::string_view param, std::uint32_t epochs_min,
                                std::string_view default_model) {
    const auto json = parse_json(param, param_bytes_max, "param");
    if (json.has_error()) return json.error();
    JsonObject fields(*json, "param");
    JobSpec spec;
    spec.id = id;
    spec.language = fields.string("language", name_bytes_max);
    if (spec.language != "en" && spec.language != "ja") fields.reject("language", "\"en\" or \"ja\"");
    spec.epochs = std::max(epochs_min, static_cast<std::uint32_t>(fields.u64("epoch", 1, epochs_max)));
    spec.model = fields.optional_string("model", name_bytes_max).value_or(std::string(default_model));
    if (!is_plain_name(spec.model)) fields.reject("model", "the name of a preset");
    if (auto check = fields.check(); check.has_error()) return check.error();
    return spec;
}

}  // namespace emeth::trainer_protocol
