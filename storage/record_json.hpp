// Any record as JSON and back, by what records.proto says of its fields: ids and hashes as 0x-hex, amounts as decimal
// strings, enums by their names ("timed_out"). Absent messages are omitted; plain fields are always present, in the
// order of records.proto. Text that is not UTF-8 is shown with U+FFFD and followed by its bytes, "<name>_hex". A number
// that is none is null. Reading gives the same record again.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <boost/json/value.hpp>
#include <initializer_list>
#include <string>
#include <string_view>

namespace emeth::storage {

class JsonText;

/// Appends the fields of an encoded record of this type, each with a comma before it: `,"state":"timed_out",…`. Throws
/// ErrorException (permanent) when the bytes do not parse or an amount does not have 32 bytes. Thread-safe.
void append_fields(JsonText& json, const google::protobuf::Descriptor& type, std::string_view encoded);

/// Fills `record`, which is new, from a JSON object, whose fields named in `leave_out` are passed over. Throws
/// ErrorException (permanent) that names what is wrong: a field that is unknown, of the wrong type or out of range.
void read_fields(google::protobuf::Message& record, const boost::json::value& json,
                 std::initializer_list<std::string_view> leave_out = {});

}  // namespace emeth::storage
