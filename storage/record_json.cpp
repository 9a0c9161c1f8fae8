#include "storage/record_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <span>

#include "runtime/utf8.hpp"
#include "statemachine/amount_text.hpp"
#include "storage/record_fields.hpp"
#include "storage/records.pb.h"

namespace emeth::storage {
namespace {

namespace json = boost::json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

/// "STATE_TIMED_OUT" → "timed_out": an enum's values are prefixed with the name of the enum.
std::string enum_text(const google::protobuf::EnumValueDescriptor& value) {
    constexpr std::string_view zero_suffix = "UNSPECIFIED";
    const std::string& zero = value.type()->value(0)->name();
    std::string text = value.name().substr(zero.size() - zero_suffix.size());
    for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return text;
}

json::value bytes_value(const FieldDescriptor& field, const std::string& stored) {
    const records::Form form = field.options().GetExtension(records::form);
    if (form == records::FORM_TEXT) return json::string(valid_utf8(stored));
    if (form == records::FORM_AMOUNT) return json::string(to_decimal(fixed_bytes<Wei>(stored, field.full_name())));
    return json::string(to_hex(std::span(reinterpret_cast<const std::uint8_t*>(stored.data()), stored.size())));
}

/// JSON has no NaN and no infinity.
json::value number_value(double number) {
    return std::isfinite(number) ? json::value(number) : json::value(nullptr);
}

json::value single_value(const Message& record, const FieldDescriptor& field) {
    const Reflection& access = *record.GetReflection();
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT32:
            return access.GetInt32(record, &field);
        case FieldDescriptor::CPPTYPE_INT64:
            return access.GetInt64(record, &field);
        case FieldDescriptor::CPPTYPE_UINT32:
            return access.GetUInt32(record, &field);
        case FieldDescriptor::CPPTYPE_UINT64:
            return access.GetUInt64(record, &field);
        case FieldDescriptor::CPPTYPE_DOUBLE:
            return number_value(access.GetDouble(record, &field));
        case FieldDescriptor::CPPTYPE_FLOAT:
            return number_value(static_cast<double>(access.GetFloat(record, &field)));
        case FieldDescriptor::CPPTYPE_BOOL:
            return access.GetBool(record, &field);
        case FieldDescriptor::CPPTYPE_ENUM:
            return json::string(enum_text(*access.GetEnum(record, &field)));
        case FieldDescriptor::CPPTYPE_STRING:
            return bytes_value(field, access.GetString(record, &field));
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return to_json(access.GetMessage(record, &field));
    }
    return nullptr;
}

json::value repeated_value(const Message& record, const FieldDescriptor& field) {
    const Reflection& access = *record.GetReflection();
    json::array values;
    for (int i = 0; i < access.FieldSize(record, &field); ++i) {
        switch (field.cpp_type()) {
            case FieldDescriptor::CPPTYPE_DOUBLE:
                values.push_back(number_value(access.GetRepeatedDouble(record, &field, i)));
                break;
            case FieldDescriptor::CPPTYPE_UINT32:
                values.push_back(access.GetRepeatedUInt32(record, &field, i));
                break;
            case FieldDescriptor::CPPTYPE_MESSAGE:
                values.push_back(to_json(access.GetRepeatedMessage(record, &field, i)));
                break;
            default:  // types of protobuf, not states or events: records.proto uses only these
                throw std::logic_error("record_json.cpp cannot write the repeated field " + field.full_name());
        }
    }
    return values;
}

}  // namespace

json::object to_json(const Message& record) {
    json::object object;
    const auto& descriptor = *record.GetDescriptor();
    for (int i = 0; i < descriptor.field_count(); ++i) {
        const FieldDescriptor& field = *descriptor.field(i);
        if (field.is_repeated()) {
            object[field.name()] = repeated_value(record, field);
        } else if (!field.has_presence() || record.GetReflection()->HasField(record, &field)) {
            object[field.name()] = single_value(record, field);
        }
    }
    return object;
}

}  // namespace emeth::storage
