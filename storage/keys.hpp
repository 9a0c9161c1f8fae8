// Key encodings. Integers are big-endian, so that RocksDB's byte order is their order.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "statemachine/types.hpp"

namespace emeth::storage {

template <std::unsigned_integral Number>
void append_big_endian(std::string& text, Number number) {
    for (std::size_t i = sizeof(Number); i-- > 0;) text.push_back(static_cast<char>(number >> (8 * i) & 0xff));
}

/// `text` has at least sizeof(Number) bytes.
template <std::unsigned_integral Number>
Number read_big_endian(std::string_view text) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) number = number << 8 | static_cast<std::uint8_t>(text[i]);
    return static_cast<Number>(number);
}

/// 8 bytes.
std::string number_key(std::uint64_t number);
std::string job_key(const JobId& id);
std::string history_key(const JobId& id, std::uint64_t sequence);

inline constexpr std::string_view schema_key = "schema";
inline constexpr std::string_view active_prefix = "active/";
inline constexpr std::string_view pending_prefix = "pending/";
inline constexpr std::string_view refusal_prefix = "refusal/";
inline constexpr std::string_view replacement_prefix = "replacement/";
std::string active_key(const JobId& id);
std::string pending_key(std::uint64_t nonce);
std::string refusal_key(std::uint64_t counter);
/// The prefix of the keys of all replacements of a nonce.
std::string replacements_of_nonce(std::uint64_t nonce);
std::string replacement_key(std::uint64_t nonce, std::uint32_t number);

/// The reverse of job_key; nullopt when the length is wrong.
std::optional<JobId> job_of_key(std::string_view key);

/// The reverse of number_key; nullopt when the length is wrong.
std::optional<std::uint64_t> number_of_key(std::string_view key);

/// For error messages: printable ASCII unchanged, everything else as hex.
std::string printable_key(std::string_view key);

}  // namespace emeth::storage
