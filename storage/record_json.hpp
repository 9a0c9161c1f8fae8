// Any record as JSON: ids and hashes as 0x-hex, amounts as decimal strings, enums by their names ("timed_out").
#pragma once

#include <google/protobuf/message.h>
#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace emeth::storage {

/// Absent messages are omitted; plain fields are always present. Throws ErrorException when an amount
/// does not have 32 bytes.
boost::json::object to_json(const google::protobuf::Message& record);

/// `text` with every byte that is not part of valid UTF-8 replaced by U+FFFD: JSON is UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace emeth::storage
