// Each record is both read and written using a single list of its members, in the order of their field numbers
// (record_codec.cpp holds the lists). Internal to the codec: readers throw ErrorException, which the decode_* functions
// of record_codec.hpp turn into an Error.
#pragma once

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/event.hpp"

namespace emeth::storage {

template <class Bytes>
std::string bytes_of(const Bytes& value) {
    return {value.bytes.begin(), value.bytes.end()};
}

/// `field` names it in the error.
template <class Bytes>
Bytes fixed_bytes(std::string_view stored, std::string_view field) {
    if (stored.size() != Bytes::size_bytes) {
        throw ErrorException(permanent_error(fmt::format("field {} has {} bytes, not {}: the record is damaged", field,
                                                         stored.size(), Bytes::size_bytes)));
    }
    Bytes value;
    std::ranges::transform(stored, value.bytes.begin(), [](char byte) { return static_cast<std::uint8_t>(byte); });
    return value;
}

struct Unlisted {};

/// The members of `Record` in the order of the fields 1, 2, 3, … of its message.
template <class Record>
inline constexpr Unlisted fields{};

/// A member whose own members are fields of the record itself rather than of a nested message.
template <class Member>
struct Inlined {
    Member member;
};
template <class Member>
constexpr Inlined<Member> inlined(Member member) {
    return {member};
}

/// A member that was added later: omitted while it has its default value, so that old records keep their bytes.
template <class Member>
struct IfChanged {
    Member member;
};
template <class Member>
constexpr IfChanged<Member> if_changed(Member member) {
    return {member};
}

template <class Value>
concept Listed = !std::is_same_v<decltype(fields<Value>), const Unlisted>;
template <class Value>
concept FixedSize = requires { Value::size_bytes; };
template <class Value>
concept Number = std::is_arithmetic_v<Value>;
template <class Value>
concept Enum = std::is_enum_v<Value>;

template <class Value>
inline constexpr int fields_of = std::tuple_size_v<std::remove_const_t<decltype(fields<Value>)>>;

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// records.proto declares the fields of a message in the order of their numbers, from 1 and without a gap (a test holds
/// it to that), so that a field is found by its place: this is what each member of each record costs.
inline const FieldDescriptor& field_of(const google::protobuf::Descriptor& type, int number) {
    if (number > type.field_count())
        throw std::logic_error("record_codec.cpp lists more members than records.proto has for " + type.full_name());
    return *type.field(number - 1);
}

/// The location of a message within its record, for error messages.
struct Place {
    const Place* outer = nullptr;
    const FieldDescriptor* field = nullptr;

    [[nodiscard]] std::string text() const {
        if (field == nullptr) return {};
        const std::string before = outer == nullptr ? std::string() : outer->text();
        return before.empty() ? field->name() : before + "." + field->name();
    }
};

/// An event's members are stored in the field whose number is the event's.
void write_event(Message& message, const statemachine::Event& event);
void read_event(const Message& message, const Place& place, statemachine::Event& event);

class FieldWriter {
public:
    explicit FieldWriter(Message& message)
        : message_(message), type_(*message.GetDescriptor()), access_(*message.GetReflection()) {}

    template <Listed Record>
    void write(const Record& record) {
        std::apply([&](const auto&... members) { (put(record, members), ...); }, fields<Record>);
    }

private:
    template <class Record, class Value>
    void put(const Record& record, Value Record::* const& member) {
        const FieldDescriptor& field = next();
        // A new message has these values already; most fields of a JOB do, and setting one is a call into protobuf.
        if constexpr (Number<Value> || std::is_same_v<Value, std::string>)
            if (record.*member == Value{}) return;
        put_value(field, record.*member);
    }
    template <class Record, Listed Value>
    void put(const Record& record, const Inlined<Value Record::*>& part) {
        write(record.*part.member);
    }
    template <class Record, Listed Value>
    void put(const Record& record, const Inlined<std::optional<Value> Record::*>& part) {
        if (record.*part.member)
            write(*(record.*part.member));
        else
            number_ += fields_of<Value>;
    }
    template <class Record, class Value>
    void put(const Record& record, const IfChanged<Value Record::*>& part) {
        static const Record unchanged{};
        const FieldDescriptor& field = next();
        if (!(record.*part.member == unchanged.*part.member)) put_value(field, record.*part.member);
    }

    void put_value(const FieldDescriptor& field, bool value) { access_.SetBool(&message_, &field, value); }
    void put_value(const FieldDescriptor& field, std::uint32_t value) { access_.SetUInt32(&message_, &field, value); }
    void put_value(const FieldDescriptor& field, std::uint64_t value) { access_.SetUInt64(&message_, &field, value); }
    void put_value(const FieldDescriptor& field, std::int64_t value) { access_.SetInt64(&message_, &field, value); }
    void put_value(const FieldDescriptor& field, double value) { access_.SetDouble(&message_, &field, value); }
    void put_value(const FieldDescriptor& field, const std::string& value) {
        access_.SetString(&message_, &field, value);
    }
    void put_value(const FieldDescriptor& field, const std::vector<std::uint8_t>& value) {
        access_.SetString(&message_, &field, std::string(value.begin(), value.end()));
    }
    void put_value(const FieldDescriptor& field, const std::vector<std::uint32_t>& values) {
        for (const std::uint32_t value : values) access_.AddUInt32(&message_, &field, value);
    }
    void put_value(const FieldDescriptor& field, const std::vector<double>& values) {
        for (const double value : values) access_.AddDouble(&message_, &field, value);
    }
    /// Each entry is {key = 1, value = 2}.
    void put_value(const FieldDescriptor& field, const std::map<std::uint32_t, std::string>& values) {
        for (const auto& [key, value] : values) {
            FieldWriter entry(*access_.AddMessage(&message_, &field));
            entry.put_value(entry.next(), key);
            entry.put_value(entry.next(), value);
        }
    }
    template <FixedSize Value>
    void put_value(const FieldDescriptor& field, const Value& value) {
        access_.SetString(&message_, &field, bytes_of(value));
    }
    template <Enum Value>
    void put_value(const FieldDescriptor& field, Value value) {
        access_.SetEnumValue(&message_, &field, static_cast<int>(value));
    }
    template <class Value>
    void put_value(const FieldDescriptor& field, const std::optional<Value>& value) {
        if (value) put_value(field, *value);
    }
    template <Listed Value>
    void put_value(const FieldDescriptor& field, const Value& value) {
        FieldWriter(*access_.MutableMessage(&message_, &field)).write(value);
    }
    void put_value(const FieldDescriptor& field, const statemachine::Event& event) {
        write_event(*access_.MutableMessage(&message_, &field), event);
    }

    const FieldDescriptor& next() { return field_of(type_, number_++); }

    Message& message_;
    const google::protobuf::Descriptor& type_;
    const google::protobuf::Reflection& access_;
    int number_ = 1;
};

class FieldReader {
public:
    /// Both must outlive the reader.
    FieldReader(const Message& message, const Place& place)
        : message_(message), type_(*message.GetDescriptor()), access_(*message.GetReflection()), place_(place) {}

    template <Listed Record>
    void read(Record& record) {
        std::apply([&](const auto&... members) { (get(record, members), ...); }, fields<Record>);
    }

private:
    template <class Record, class Value>
    void get(Record& record, Value Record::* const& member) {
        get_value(next(), record.*member);
    }
    template <class Record, Listed Value>
    void get(Record& record, const Inlined<Value Record::*>& part) {
        read(record.*part.member);
    }
    template <class Record, Listed Value>
    void get(Record& record, const Inlined<std::optional<Value> Record::*>& part) {
        if (access_.HasField(message_, &field_of(type_, number_)))
            read((record.*part.member).emplace());
        else
            number_ += fields_of<Value>;
    }
    template <class Record, class Value>
    void get(Record& record, const IfChanged<Value Record::*>& part) {
        const FieldDescriptor& field = next();
        if (access_.HasField(message_, &field)) get_value(field, record.*part.member);
    }

    void get_value(const FieldDescriptor& field, bool& value) { value = access_.GetBool(message_, &field); }
    void get_value(const FieldDescriptor& field, std::uint32_t& value) { value = access_.GetUInt32(message_, &field); }
    void get_value(const FieldDescriptor& field, std::uint64_t& value) { value = access_.GetUInt64(message_, &field); }
    void get_value(const FieldDescriptor& field, std::int64_t& value) { value = access_.GetInt64(message_, &field); }
    void get_value(const FieldDescriptor& field, double& value) { value = access_.GetDouble(message_, &field); }
    void get_value(const FieldDescriptor& field, std::string& value) {
        value = access_.GetStringReference(message_, &field, &value);
    }
    void get_value(const FieldDescriptor& field, std::vector<std::uint8_t>& value) {
        std::string scratch;
        const std::string& stored = access_.GetStringReference(message_, &field, &scratch);
        value.assign(stored.begin(), stored.end());
    }
    void get_value(const FieldDescriptor& field, std::vector<std::uint32_t>& values) {
        for (int i = 0; i < access_.FieldSize(message_, &field); ++i)
            values.push_back(access_.GetRepeatedUInt32(message_, &field, i));
    }
    void get_value(const FieldDescriptor& field, std::vector<double>& values) {
        for (int i = 0; i < access_.FieldSize(message_, &field); ++i)
            values.push_back(access_.GetRepeatedDouble(message_, &field, i));
    }
    void get_value(const FieldDescriptor& field, std::map<std::uint32_t, std::string>& values) {
        for (int i = 0; i < access_.FieldSize(message_, &field); ++i) {
            const Place inner{&place_, &field};
            FieldReader entry(access_.GetRepeatedMessage(message_, &field, i), inner);
            std::uint32_t key = 0;
            std::string value;
            entry.get_value(entry.next(), key);
            entry.get_value(entry.next(), value);
            values.emplace(key, std::move(value));
        }
    }
    template <FixedSize Value>
    void get_value(const FieldDescriptor& field, Value& value) {
        std::string scratch;
        const std::string& stored = access_.GetStringReference(message_, &field, &scratch);
        // Putting the field's name together costs more than reading the field: only for the error.
        if (stored.size() == Value::size_bytes)
            value = fixed_bytes<Value>(stored, {});
        else
            value = fixed_bytes<Value>(stored, Place{&place_, &field}.text());
    }
    /// One of the values that records.proto names; zero stands for none.
    template <Enum Value>
    void get_value(const FieldDescriptor& field, Value& value) {
        const int number = access_.GetEnumValue(message_, &field);
        if (number == 0 || field.enum_type()->FindValueByNumber(number) == nullptr)
            throw ErrorException(permanent_error(
                fmt::format("field {} has the unknown number {}: use the emeth that wrote it or a newer one",
                            Place{&place_, &field}.text(), number)));
        value = static_cast<Value>(number);
    }
    template <class Value>
    void get_value(const FieldDescriptor& field, std::optional<Value>& value) {
        if (access_.HasField(message_, &field))
            get_value(field, value.emplace());
        else
            value.reset();
    }
    template <Listed Value>
    void get_value(const FieldDescriptor& field, Value& value) {
        const Place inner{&place_, &field};
        FieldReader(access_.GetMessage(message_, &field), inner).read(value);
    }
    void get_value(const FieldDescriptor& field, statemachine::Event& event) {
        const Place inner{&place_, &field};
        read_event(access_.GetMessage(message_, &field), inner, event);
    }

    const FieldDescriptor& next() { return field_of(type_, number_++); }

    const Message& message_;
    const google::protobuf::Descriptor& type_;
    const google::protobuf::Reflection& access_;
    const Place& place_;
    int number_ = 1;
};

}  // namespace emeth::storage
