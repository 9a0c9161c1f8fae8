// Writing goes straight from the stored bytes to text: protobuf encodes fields in the order of their numbers, which is
// the order of the JSON, so that one pass suffices.
#include "storage/record_json.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

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
        std::string name;
        ShortText label;                         ///< `,"name":`
        const Shape* message = nullptr;          ///< of a message
        std::vector<ShortText> names_of_enum{};  ///< by number, in quotes
    };
    /// Of the field with this number, or of the next one that there is; at least `from`.
    [[nodiscard]] std::size_t index_of(std::uint32_t number, std::size_t from) const {
        // Nearly always the numbers begin with 1 and have no gap.
        if (number > from && number <= fields.size() && fields[number - 1].number == number) return number - 1;
        const auto rest = fields.begin() + static_cast<std::ptrdiff_t>(from);
        const auto found = std::ranges::lower_bound(rest, fields.end(), number, {}, &Field::number);
        return static_cast<std::size_t>(found - fields.begin());
    }
    /// What is written for the fields from one to before another if none of them is encoded.
    [[nodiscard]] std::string_view defaults_of(std::size_t from, std::size_t to) const {
        return std::string_view(defaults).substr(default_begins[from], default_begins[to] - default_begins[from]);
    }

    const Descriptor* descriptor = nullptr;
    std::vector<Field> fields;                ///< by number
    std::string defaults;                     ///< `,"name":0,"other":""`, of all fields that are always there
    std::vector<std::size_t> default_begins;  ///< where those of a field begin; one more for the end
    std::vector<std::size_t> next_amount;  ///< from each field on, the next that must be encoded, since 0 wei is, too
};

void append_bytes(JsonText& json, const Shape::Field& field, std::string_view stored) {
    switch (field.form) {
        case records::FORM_TEXT:
            if (json.string(stored)) return;
            json.raw(",\"");
            json.raw(field.name);
            json.raw("_hex\":");
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
            json.raw(number != 0 ? std::string_view("true") : std::string_view("false"));
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
        json_.raw(field.label);
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
    void fill_up_to(std::size_t index) {
        if (next_ == index) return;
        const std::size_t amount = shape_.next_amount[next_];
        if (amount < index) append_value(json_, shape_.fields[amount], {});  // says that it is damaged
        json_.raw(shape_.defaults_of(next_, index));
        next_ = index;
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

/// Every message of records.proto, made at the first use.
class Shapes {
public:
    Shapes() {
        const google::protobuf::FileDescriptor& file = *records::Job::descriptor()->file();
        shapes_.resize(static_cast<std::size_t>(file.message_type_count()));
        for (int i = 0; i < file.message_type_count(); ++i) describe(*file.message_type(i), of(*file.message_type(i)));
    }
    [[nodiscard]] const Shape& of(const Descriptor& type) const {
        return shapes_[static_cast<std::size_t>(type.index())];
    }

private:
    [[nodiscard]] Shape& of(const Descriptor& type) { return shapes_[static_cast<std::size_t>(type.index())]; }

    void describe(const Descriptor& type, Shape& shape) {
        shape.descriptor = &type;
        for (int i = 0; i < type.field_count(); ++i) shape.fields.push_back(described(*type.field(i)));
        add_defaults(shape);
    }
    Shape::Field described(const FieldDescriptor& field) {
        Shape::Field made{static_cast<std::uint32_t>(field.number()),   field.cpp_type(),
                          field.options().GetExtension(records::form),  field.is_repeated(),
                          field.is_repeated() || !field.has_presence(), field.name(),
                          ShortText(",\"" + field.name() + "\":")};
        if (field.message_type() != nullptr) made.message = &of(*field.message_type());
        if (field.enum_type() != nullptr) made.names_of_enum = enum_names(*field.enum_type());
        return made;
    }
    static std::vector<ShortText> enum_names(const google::protobuf::EnumDescriptor& type) {
        std::vector<ShortText> names;
        for (int number = 0; type.FindValueByNumber(number) != nullptr; ++number)
            names.emplace_back("\"" + enum_text(*type.FindValueByNumber(number)) + "\"");
        return names;
    }
    static void add_defaults(Shape& shape) {
        JsonText json;
        for (const Shape::Field& field : shape.fields) {
            shape.default_begins.push_back(json.size());
            if (!field.always_present || is_amount(field)) continue;
            json.raw(field.label);
            if (field.repeated)
                json.raw("[]");
            else
                append_value(json, field, {});
        }
        shape.default_begins.push_back(json.size());
        shape.defaults = json.text();
        shape.next_amount.assign(shape.fields.size() + 1, shape.fields.size());
        for (std::size_t i = shape.fields.size(); i-- > 0;)
            shape.next_amount[i] =
                shape.fields[i].always_present && is_amount(shape.fields[i]) ? i : shape.next_amount[i + 1];
    }
    static bool is_amount(const Shape::Field& field) { return field.form == records::FORM_AMOUNT; }

    std::vector<Shape> shapes_;  ///< by their places in the file
};

const Shape& shape_of(const Descriptor& type) {
    static const Shapes shapes;
    return shapes.of(type);
}

}  // namespace

void append_fields(JsonText& json, const Descriptor& type, std::string_view encoded) {
    append_fields_of(json, shape_of(type), encoded);
}

}  // namespace emeth::storage
