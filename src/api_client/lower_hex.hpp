// What digits in the names of objects look like.
#pragma once

#include <algorithm>
#include <string_view>

namespace emeth::api_client {

/// Of the empty text, too.
inline bool is_lower_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace emeth::api_client
