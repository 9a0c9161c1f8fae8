// Names of results: what `submit` writes on chain. One that holds the artifact's digest binds the node to its content
// before the draw.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "statemachine/types.hpp"

namespace emeth::api_client {

/// What may be uploaded: the artifact that is submitted, or the evidence that is shown afterwards.
inline constexpr std::string_view result_extension = ".tar";
inline constexpr std::string_view evidence_extension = ".evidence";

/// "<jobid>-<sha256><extension>", both in lower-case hex without 0x.
std::string bound_result_name(const JobId& job, const Hash256& sha256, std::string_view extension);
/// "<jobid>-<16 digits><extension>", which says nothing of the content. `digits`: at least 16, in lower-case hex.
std::string unbound_result_name(const JobId& job, std::string_view digits, std::string_view extension);
/// Whether it is one of the two, of this JOB and extension.
bool is_result_name(std::string_view name, const JobId& job, std::string_view extension);
/// The digest in a name of the first kind; none in any other text.
std::optional<Hash256> digest_in(std::string_view name, const JobId& job, std::string_view extension);

}  // namespace emeth::api_client
