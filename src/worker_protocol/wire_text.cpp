#include "worker_protocol/wire_text.hpp"

#include "runtime/utf8.hpp"

namespace emeth::worker_protocol {

std::string wire_text(std::string_view text, std::size_t bytes_max) {
    std::string result;
    while (!text.empty()) {
        const std::size_t length = utf8_character(text);
        const std::string_view character = length == 0 ? std::string_view("?") : text.substr(0, length);
        if (result.size() + character.size() > bytes_max) break;
        result += character;
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return result;
}

}  // namespace emeth::worker_protocol
