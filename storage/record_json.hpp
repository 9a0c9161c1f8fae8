// Any record as JSON: ids and hashes as 0x-hex, amounts as decimal strings, enums by their names ("timed_out").
#pragma once

#include <google/protobuf/message.h>
#include <boost/json/object.hpp>

namespace emeth::storage {

/// Absent messages are omitted; plain fields are always present. Throws ErrorException when an amount
/// does not have 32 bytes.
boost::json::object to_json(const google::protobuf::Message& record);

}  // namespace emeth::storage
