// Bounds of the messages' fields, and text in the form that the other side accepts. Internal to worker_protocol/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace emeth::worker_protocol {

/// A longer text is refused before it is parsed. Equals the limit of http::WebSocket.
inline constexpr std::size_t text_bytes_max = 4 << 20;
/// For the names of messages, reports, stages and steps.
inline constexpr std::size_t name_bytes_max = 32;
inline constexpr std::size_t signature_hex_bytes = 132;

/// At most `bytes_max` bytes of valid UTF-8: a program's last words may be any bytes, but JSON takes only UTF-8.
std::string wire_text(std::string_view text, std::size_t bytes_max);

}  // namespace emeth::worker_protocol
