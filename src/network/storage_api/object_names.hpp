// Names of objects and the paths under which the server serves them. They are all chosen here; input from outside
// (chain, requests) is checked before it may become part of a path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "statemachine/types.hpp"

namespace emeth::network {

enum class ObjectKind : std::uint8_t { dataset, result };
std::string_view name(ObjectKind kind);

inline constexpr std::size_t object_name_bytes_max = 128;
inline constexpr std::size_t extension_bytes_max = 17;

/// 1 to 128 characters of [A-Za-z0-9._-], the first of which is not a dot.
bool is_object_name(std::string_view name);

/// The JOB that our names of objects begin with; none in any other text.
std::optional<JobId> job_of_object(std::string_view name);

/// Whether an upload may have this extension: a dot and 1 to 16 letters or digits. Published clients' results have
/// ".pt". The objects' names are those of api_client/result_name.hpp.
bool is_extension(std::string_view text);

// Paths below the server's URL. With placeholders such as "{name}" in place of the values, they are the route patterns.

std::string object_path(ObjectKind kind, std::string_view name);
/// The content that a dataset's PUT must deliver is stated in its path, and is thus covered by the URL's signature.
std::string put_dataset_path(std::string_view name, std::string_view sha256, std::string_view bytes);
/// `part`: from 1. `length`: that of the body (PartLength). All that a PUT is admitted by stands in its path.
std::string put_part_path(std::string_view address, std::string_view job, std::string_view upload_key,
                          std::string_view part, std::string_view length);

/// Hex without "0x".
template <class Bytes>
std::string plain_hex(const Bytes& value) {
    return value.hex().substr(2);
}

}  // namespace emeth::network
