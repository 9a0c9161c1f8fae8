#include "worker_protocol/wire_text.hpp"

#include <cstdint>

namespace emeth::worker_protocol {
namespace {

/// The length of the well-formed UTF-8 character at the start of `text` (RFC 3629); 0 if there is none.
std::size_t character_bytes(std::string_view text) {
    const auto byte = [&](std::size_t index) { return static_cast<std::uint8_t>(text[index]); };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                               : (lead & 0xF0) == 0xE0        ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t index = 1; index < length; ++index)
        if ((byte(index) & 0xC0) != 0x80) return 0;
    const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    const bool surrogate = lead == 0xED && byte(1) > 0x9F;
    const bool beyond_unicode = lead == 0xF4 && byte(1) > 0x8F;
    return overlong || surrogate || beyond_unicode ? 0 : length;
}

}  // namespace

std::string wire_text(std::string_view text, std::size_t bytes_max) {
    std::string result;
    while (!text.empty()) {
        const std::size_t length = character_bytes(text);
        const std::string_view character = length == 0 ? std::string_view("?") : text.substr(0, length);
        if (result.size() + character.size() > bytes_max) break;
        result += character;
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return result;
}

}  // namespace emeth::worker_protocol
