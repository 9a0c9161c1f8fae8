// The envelope of every stored value: format (1 byte), schema version (2), CRC-32C (4), then the protobuf bytes. The
// checksum also covers the key, so that a value found under the wrong key is detected. Integers are big-endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/result.hpp"

namespace emeth::storage {

inline constexpr std::uint8_t envelope_format = 1;
inline constexpr std::uint16_t schema_version = 1;
inline constexpr std::size_t envelope_bytes = 7;

/// `schema` is a parameter only for the tests.
std::string seal(std::string_view key, std::string_view payload, std::uint16_t schema = schema_version);

/// The payload, as a view into `value`. Errors (permanent): too short, unknown format, newer schema, wrong checksum.
Result<std::string_view> unseal(std::string_view key, std::string_view value);

}  // namespace emeth::storage
