// The way back from JSON, strict: a field that is unknown, of the wrong type or out of range is refused by its name.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "runtime/json_fields.hpp"
#include "statemachine/amount_text.hpp"
#include "storage/record_fields.hpp"
#include "storage/record_json.hpp"
#include "storage/record_names.hpp"
#include "storage/records.pb.h"

namespace emeth::storage {
namespace {

namespace json = boost::json;

constexpr std::string_view hex_suffix = "_hex";

[[noreturn]] void refuse(const Place& place, const json::value& value, std::string_view expected) {
    constexpr std::size_t shown_max = 60;
    std::string shown = json_text(value);
    if (shown.size() > shown_max) shown = fmt::format("{} bytes of JSON", shown.size());
    throw ErrorException(permanent_error(fmt::format("field {} is {}; expected {}", place.text(), shown, expected)));
}

void read_object(Message& record, const json::value& value, const Place& place,
                 std::initializer_list<std::string_view> leave_out);

std::string bytes_from_hex(const json::value& value, const Place& place) {
    const json::string* text = value.if_string();
    if (text == nullptr || !text->starts_with("0x") || text->size() % 2 != 0) refuse(place, value, "0x and hex digits");
    std::vector<std::uint8_t> bytes(text->size() / 2 - 1);
    if (!from_hex(std::string_view(*text), bytes)) refuse(place, value, "0x and hex digits");
    return {bytes.begin(), bytes.end()};
}

std::string bytes_from(const json::value& value, const FieldDescriptor& field, const Place& place) {
    const records::Form form = field.options().GetExtension(records::form);
    if (form == records::FORM_HEX) return bytes_from_hex(value, place);
    const json::string* text = value.if_string();
    if (text == nullptr) refuse(place, value, "a string");
    if (form == records::FORM_TEXT) return std::string(std::string_view(*text));
    const std::optional<Wei> amount = wei_from_decimal(std::string_view(*text));
    if (!amount) refuse(place, value, "a decimal string of at most 256 bits");
    return bytes_of(*amount);
}

double real_from(const json::value& value, const Place& place) {
    if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
    if (value.is_number()) return value.to_number<double>();
    if (value.is_string() && value.get_string() == "Infinity") return std::numeric_limits<double>::infinity();
    if (value.is_string() && value.get_string() == "-Infinity") return -std::numeric_limits<double>::infinity();
    refuse(place, value, "a number");
}

template <class Number>
Number whole_from(const json::value& value, const Place& place) {
    boost::system::error_code failed;
    const auto number = value.is_double() ? Number{} : value.to_number<Number>(failed);
    if (value.is_double() || failed)
        refuse(place, value,
               fmt::format("a whole number from {} to {}", std::numeric_limits<Number>::min(),
                           std::numeric_limits<Number>::max()));
    return number;
}

int enum_from(const json::value& value, const FieldDescriptor& field, const Place& place) {
    const json::string* text = value.if_string();
    for (int i = 1; text != nullptr && i < field.enum_type()->value_count(); ++i)
        if (enum_text(*field.enum_type()->value(i)) == std::string_view(*text))
            return field.enum_type()->value(i)->number();
    refuse(place, value, fmt::format("a name of {} in records.proto", field.enum_type()->name()));
}

void set_field(Message& record, const FieldDescriptor& field, const json::value& value, const Place& place) {
    const google::protobuf::Reflection& access = *record.GetReflection();
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_INT64:
            return access.SetInt64(&record, &field, whole_from<std::int64_t>(value, place));
        case FieldDescriptor::CPPTYPE_UINT32:
            return access.SetUInt32(&record, &field, whole_from<std::uint32_t>(value, place));
        case FieldDescriptor::CPPTYPE_UINT64:
            return access.SetUInt64(&record, &field, whole_from<std::uint64_t>(value, place));
        case FieldDescriptor::CPPTYPE_DOUBLE:
            return access.SetDouble(&record, &field, real_from(value, place));
        case FieldDescriptor::CPPTYPE_BOOL:
            if (!value.is_bool()) refuse(place, value, "true or false");
            return access.SetBool(&record, &field, value.get_bool());
        case FieldDescriptor::CPPTYPE_ENUM:
            return access.SetEnumValue(&record, &field, enum_from(value, field, place));
        case FieldDescriptor::CPPTYPE_STRING:
            return access.SetString(&record, &field, bytes_from(value, field, place));
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return read_object(*access.MutableMessage(&record, &field), value, place, {});
        default:  // types of protobuf, not states or events: records.proto uses only these
            throw std::logic_error("record_from_json.cpp cannot read the field " + field.full_name());
    }
}

void add_element(Message& record, const FieldDescriptor& field, const json::value& value, const Place& place) {
    const google::protobuf::Reflection& access = *record.GetReflection();
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_DOUBLE:
            return access.AddDouble(&record, &field, real_from(value, place));
        case FieldDescriptor::CPPTYPE_UINT32:
            return access.AddUInt32(&record, &field, whole_from<std::uint32_t>(value, place));
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return read_object(*access.AddMessage(&record, &field), value, place, {});
        default:
            throw std::logic_error("record_from_json.cpp cannot read the repeated field " + field.full_name());
    }
}

void read_field(Message& record, const FieldDescriptor& field, const json::value& value, const Place& outer) {
    const Place place{&outer, &field};
    if (!field.is_repeated()) return set_field(record, field, value, place);
    if (!value.is_array()) refuse(place, value, "an array");
    for (const json::value& element : value.get_array()) add_element(record, field, element, place);
}

/// The text field whose bytes `key` gives: "reason_hex" → "reason".
const FieldDescriptor* text_field(const google::protobuf::Descriptor& type, std::string_view key) {
    if (!key.ends_with(hex_suffix)) return nullptr;
    key.remove_suffix(hex_suffix.size());
    const FieldDescriptor* field = type.FindFieldByName(std::string(key));
    const bool is_text = field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
                         field->options().GetExtension(records::form) == records::FORM_TEXT;
    return is_text ? field : nullptr;
}

void read_object(Message& record, const json::value& value, const Place& place,
                 std::initializer_list<std::string_view> leave_out) {
    const json::object* object = value.if_object();
    if (object == nullptr) refuse(place, value, "an object");
    const google::protobuf::Descriptor& type = *record.GetDescriptor();
    for (const auto& [key, member] : *object) {
        const std::string_view name = key;
        if (std::ranges::find(leave_out, name) != leave_out.end()) continue;
        if (const FieldDescriptor* field = type.FindFieldByName(std::string(name))) {
            read_field(record, *field, member, place);
        } else if (const FieldDescriptor* text = text_field(type, name)) {
            const Place inner{&place, text};
            record.GetReflection()->SetString(&record, text, bytes_from_hex(member, inner));
        } else {
            throw ErrorException(
                permanent_error(fmt::format("field '{}' is not one of {}: the dump is of a newer emeth, or damaged",
                                            name.substr(0, 60), type.name())));
        }
    }
}

}  // namespace

void read_fields(Message& record, const json::value& line, std::initializer_list<std::string_view> leave_out) {
    read_object(record, line, Place{}, leave_out);
}

}  // namespace emeth::storage
