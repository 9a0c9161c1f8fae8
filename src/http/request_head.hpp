// What the head of an HTTP/1 request must look like (RFC 9112) before anything else is done with it. Pure.
//
// It is stricter than the parser behind it: whatever two servers could read as different requests, one hidden behind
// the other, is refused, and so is whatever no client of good faith sends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "http/refusal.hpp"

namespace emeth::http {

inline constexpr std::size_t header_bytes_max = 16 << 10;
inline constexpr std::size_t header_fields_max = 64;

/// The length of the head that `received` begins with: up to and including its empty line, or up to a line feed that
/// shows already that it is malformed. None if its end has not arrived yet.
std::optional<std::size_t> head_bytes(std::string_view received);

/// `head`: any bytes, as head_bytes() measures them. A refusal (400, 431, 501 or 505) also ends the connection, since
/// nobody knows where the next request begins. For fuzzing: check_request_head({bytes, size}) must refuse or return,
/// and what it lets pass is no longer than `head`, has one request line and at most one body.
OrRefusal<void> check_request_head(std::string_view head);

}  // namespace emeth::http
