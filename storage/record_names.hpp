// The names that a dump gives to the values of enums. Internal to storage/.
#pragma once

#include <google/protobuf/descriptor.h>

#include <cctype>
#include <string>
#include <string_view>

namespace emeth::storage {

/// "STATE_TIMED_OUT" → "timed_out": an enum's values are prefixed with the name of the enum.
inline std::string enum_text(const google::protobuf::EnumValueDescriptor& value) {
    constexpr std::string_view zero_suffix = "UNSPECIFIED";
    const std::string& zero = value.type()->value(0)->name();
    std::string text = value.name().substr(zero.size() - zero_suffix.size());
    for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return text;
}

}  // namespace emeth::storage
