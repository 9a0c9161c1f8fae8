// jobDetails.param: the requester's JSON text, from which node and verifier derive the same training.
#pragma once

#include <cstddef>
#include <string_view>

#include "runtime/result.hpp"
#include "trainer_protocol/messages.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::trainer_protocol {

inline constexpr std::size_t param_bytes_max = 64 << 10;

/// {"language": "en" | "ja", "epoch": n, "model": preset, …}; other keys are ignored, "model" may be missing. The spec
/// trains max(epoch, rules.epochs_min) epochs of param.model, else of rules.default_model. Permanent errors name the
/// key, its value and what was expected; for a model that is no preset, that is the list of presets. A spec of more
/// epochs than a verifier takes (epochs_accepted_for) is an Error, too.
Result<JobSpec> parse_job_param(const JobId& id, std::string_view param, const NetworkRules& rules);

}  // namespace emeth::trainer_protocol
