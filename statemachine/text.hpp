// Sentences, durations and short names of JOBs, using only the standard library.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "statemachine/types.hpp"

namespace emeth {

/// "JOB 0x12ab34cd…": enough to recognise it in a log.
std::string short_name(const JobId& id);

/// "5 h 40 min", "7 min", "42 s".
std::string duration_text(std::int64_t seconds);

}  // namespace emeth

namespace emeth::statemachine {

inline void append_text(std::string& text, std::string_view part) {
    text += part;
}
template <std::integral Number>
void append_text(std::string& text, Number number) {
    text += std::to_string(number);
}

/// "step ", 40, " of ", 600 → "step 40 of 600".
template <class... Parts>
std::string sentence(const Parts&... parts) {
    std::string text;
    (append_text(text, parts), ...);
    return text;
}

/// A loss with four decimals.
std::string loss_text(double loss);

/// The first digits of a hash or id, enough to recognise it: "0x12ab34cd…".
template <class Bytes>
std::string short_hex(const Bytes& bytes) {
    return bytes.hex().substr(0, 10) + "…";
}

}  // namespace emeth::statemachine
