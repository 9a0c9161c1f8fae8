// Writing goes straight from the stored bytes to text: protobuf encodes fields in the order of their numbers, which is
// the order of the JSON, so that one pass suffices.
#include "storage/record_json.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/utf8.hpp"
#include "statemachine/amount_text.hpp"
#include "storage/json_text.hpp"
#include "storage/record_fields.hpp"
#include "storage/record_names.hpp"
#include "storage/records.pb.h"
#include "storage/wire_reader.hpp"

namespace emeth::storage {
namespace {

using google::protobuf::Descriptor;

/// What append_fields() needs of a message's description, looked up once.
struct Shape {
    struct Field {
        std::uint32_t number = 0;
        FieldDescriptor::CppType type{};
        records::Form form{};
        bool repeated = false, always_present = false;
        std::string name, label, hex_label;      ///< `,"name":`, `,"name_hex":`
        const Shape* message = nullptr;          ///< of a message
        std::vector<std::string> names_of_enum;  ///< by number, in quotes
    };
    /// Of the field with this number, or of the next one that there is; at least `from`.
    [[nodiscard]] std::size_t index_of(std::uint32_t number, std::size_t from) const {
        // Nearly always the numbers begin with 1 and have no gap.
        if (number > from && number <= fields.size() && fields[number - 1].number == number) return number - 1;
        while (from < fields.size() && fields[from].number < number) ++from;
        return from;
    }

    const Descriptor* descriptor = nullptr;
    std::vector<Field> fields;                ///< by number
    std::vector<std::size_t> next_present{};  ///< from each field on, the next that is always there
};

std::vector<std::string> enum_names(const google::protobuf::EnumDescriptor& type) {
    std::vector<std::string> names;
    for (int number = 0; type.FindValueByNumber(number) != nullptr; ++number)
        names.push_back("\"" + enum_text(*type.FindValueByNumber(number)) + "\"");
    return names;
}

/// Every message of records.proto, made at the first use.
class Shapes {
public:
    Shapes() {
        const google::protobuf::FileDescriptor& file = *records::Job::descriptor()->file();
        for (int i = 0; i < file.message_type_count(); ++i) shapes_[file.message_type(i)];
        for (auto& [descriptor, shape] : shapes_) describe(*descriptor, shape);
    }
    [[nodiscard]] const Shape& of(const Descriptor& type) const { return shapes_.at(&type); }

private:
    void describe(const Descriptor& type, Shape& shape) {
        shape.descriptor = &type;
        for (int i = 0; i < type.field_count(); ++i) {
            const FieldDescriptor& field = *type.field(i);
            Shape::Field made;
            made.number = static_cast<std::uint32_t>(field.number());
            made.type = field.cpp_type();
            made.form = field.options().GetExtension(records::form);
            made.repeated = field.is_repeated();
            made.always_present = field.is_repeated() || !field.has_presence();
            made.name = field.name();
            made.label = ",\"" + field.name() + "\":";
            made.hex_label = ",\"" + field.name() + "_hex\":";
            if (made.type == FieldDescriptor::CPPTYPE_MESSAGE) made.message = &shapes_.at(field.message_type());
            if (made.type == FieldDescriptor::CPPTYPE_ENUM) made.names_of_enum = enum_names(*field.enum_type());
            shape.fields.push_back(std::move(made));
        }
        shape.next_present.assign(shape.fields.size() + 1, shape.fields.size());
        for (std::size_t i = shape.fields.size(); i-- > 0;)
            shape.next_present[i] = shape.fields[i].always_present ? i : shape.next_present[i + 1];
    }

    std::map<const Descriptor*, Shape> shapes_;
};

const Shape& shape_of(const Descriptor& type) {
    static const Shapes shapes;
    return shapes.of(type);
}

void append_bytes(JsonText& json, const Shape::Field& field, std::string_view stored) {
    switch (field.form) {
        case records::FORM_TEXT:
            json.string(stored);
            if (is_utf8(stored)) return;
            json.raw(field.hex_label);
            json.hex(stored);
            return;
        case records::FORM_AMOUNT:
            json.raw('"');
            json.raw(to_decimal(fixed_bytes<Wei>(stored, field.name)));
            json.raw('"');
            return;
        default:
            json.hex(stored);
    }
}

void append_object(JsonText& json, const Shape& shape, std::string_view encoded);

void append_number(JsonText& json, const Shape::Field& field, std::uint64_t number) {
    switch (field.type) {
        case FieldDescriptor::CPPTYPE_DOUBLE:
            return json.number(std::bit_cast<double>(number));
        case FieldDescriptor::CPPTYPE_BOOL:
            json.raw(number != 0 ? "true" : "false");
            return;
        case FieldDescriptor::CPPTYPE_INT64:
            return json.number(static_cast<std::int64_t>(number));
        case FieldDescriptor::CPPTYPE_UINT32:
            return json.number(std::uint64_t{static_cast<std::uint32_t>(number)});
        case FieldDescriptor::CPPTYPE_ENUM:
            if (number < field.names_of_enum.size())
                json.raw(field.names_of_enum[number]);
            else
                json.number(number);
            return;
        default:
            json.number(number);
    }
}

void append_value(JsonText& json, const Shape::Field& field, const WireField& stored) {
    if (field.type == FieldDescriptor::CPPTYPE_STRING)
        append_bytes(json, field, stored.bytes);
    else if (field.message != nullptr)
        append_object(json, *field.message, stored.bytes);
    else
        append_number(json, field, stored.number);
}

void append_default(JsonText& json, const Shape::Field& field) {
    if (field.repeated)
        json.raw("[]");
    else
        append_value(json, field, {});
}

bool is_number(const Shape::Field& field) {
    return field.type != FieldDescriptor::CPPTYPE_STRING && field.message == nullptr;
}

/// Writes the fields of one record as they come. `false`: they do not come in order.
class FieldsInOrder {
public:
    FieldsInOrder(JsonText& json, const Shape& shape) : json_(json), shape_(shape) {}

    bool append(std::string_view encoded) {
        for (WireReader reader(encoded); !reader.empty();)
            if (!append(reader.next())) return false;
        end_list();
        fill_up_to(shape_.fields.size());
        return true;
    }

private:
    bool append(const WireField& stored) {
        if (list_ && shape_.fields[next_ - 1].number == stored.number_of_field)
            return append_elements(shape_.fields[next_ - 1], stored);
        const std::size_t index = shape_.index_of(stored.number_of_field, next_);
        // What a newer emeth added is passed over; a field that has been written already is out of order.
        if (index == shape_.fields.size() || shape_.fields[index].number != stored.number_of_field)
            return !is_known(stored.number_of_field);
        const Shape::Field& field = shape_.fields[index];
        end_list();
        fill_up_to(index);
        begin(field);
        next_ = index + 1;
        if (!field.repeated) {
            append_value(json_, field, stored);
            return true;
        }
        json_.raw('[');
        list_ = is_first_ = true;
        return append_elements(field, stored);
    }

    [[nodiscard]] bool is_known(std::uint32_t number) const {
        return std::ranges::find(shape_.fields, number, &Shape::Field::number) != shape_.fields.end();
    }

    /// Numbers are packed: one field of the encoding holds all of them. `false`: another encoder has not packed them.
    bool append_elements(const Shape::Field& field, const WireField& stored) {
        if (!stored.is_bytes) return false;
        if (!is_number(field)) {
            separate();
            append_value(json_, field, stored);
            return true;
        }
        for (WireReader packed(stored.bytes); !packed.empty();) {
            separate();
            append_number(json_, field,
                          field.type == FieldDescriptor::CPPTYPE_DOUBLE ? packed.fixed64() : packed.varint());
        }
        return true;
    }

    void separate() {
        if (!is_first_) json_.raw(',');
        is_first_ = false;
    }
    void end_list() {
        if (list_) json_.raw(']');
        list_ = false;
    }
    void begin(const Shape::Field& field) { json_.raw(field.label); }
    void fill_up_to(std::size_t index) {
        for (; next_ < index; ++next_) {
            next_ = shape_.next_present[next_];
            if (next_ >= index) break;
            begin(shape_.fields[next_]);
            append_default(json_, shape_.fields[next_]);
        }
    }

    JsonText& json_;
    const Shape& shape_;
    std::size_t next_ = 0;  ///< the first field that is not written yet
    bool list_ = false, is_first_ = true;
};

/// What another encoder may have written in any order, in the order of the numbers.
std::string in_order(const Descriptor& type, std::string_view encoded) {
    const std::unique_ptr<Message> record(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
    if (!record->ParseFromArray(encoded.data(), static_cast<int>(encoded.size())))
        throw ErrorException(permanent_error("does not parse: the record is damaged"));
    return record->SerializeAsString();
}

void append_fields_of(JsonText& json, const Shape& shape, std::string_view encoded) {
    const std::size_t begun = json.size();
    if (FieldsInOrder(json, shape).append(encoded)) return;
    json.shorten(begun);
    if (!FieldsInOrder(json, shape).append(in_order(*shape.descriptor, encoded)))
        throw std::logic_error("protobuf does not write " + shape.descriptor->name() + " in the order of its fields");
}

void append_object(JsonText& json, const Shape& shape, std::string_view encoded) {
    const std::size_t begun = json.size();
    append_fields_of(json, shape, encoded);
    if (json.size() == begun)
        json.raw('{');
    else
        json.replace(begun, '{');  // in place of the first comma
    json.raw('}');
}

}  // namespace

void append_fields(JsonText& json, const Descriptor& type, std::string_view encoded) {
    append_fields_of(json, shape_of(type), encoded);
}

}  // namespace emeth::storage
