// The property of messages that are texts.
#pragma once

#include <string>
#include <string_view>

#include "fuzz/property.hpp"
#include "runtime/result.hpp"

namespace emeth::fuzz {

/// What `parse` takes is the same message when encode() wrote it as a text again.
template <class Message>
void require_round_trip(std::string_view text, Result<Message> (*parse)(std::string_view), const char* property) {
    const auto message = parse(text);
    if (message.has_error()) return;
    const std::string written = encode(*message);
    const auto again = parse(written);
    require(again.has_value() && again->index() == message->index() && encode(*again) == written, property);
}

}  // namespace emeth::fuzz
