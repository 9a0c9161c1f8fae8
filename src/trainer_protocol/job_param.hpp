// jobDetails.param: the requester's JSON text, from which node and verifier derive the same training.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/result.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer_protocol {

inline constexpr std::size_t param_bytes_max = 64 << 10;
inline constexpr std::uint32_t epochs_max = 1'000;

/// {"language": "en" | "ja", "epoch": n, "model": preset, …}; other keys are ignored, "model" may be missing. The spec
/// trains max(epoch, `epochs_min`) epochs of param.model, else of `default_model`. Permanent errors name the key, its
/// value and what was expected; whether the preset exists, the trainer knows.
Result<JobSpec> parse_job_param(const JobId& id, std::string_view param, std::uint32_t epochs_min,
                                std::string_view default_model);

}  // namespace emeth::trainer_protocol
