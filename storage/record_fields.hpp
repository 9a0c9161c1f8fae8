// The parts of records that several messages share. Internal to the codec: its readers throw ErrorException, which the
// decode_* functions of record_codec.hpp turn into an Error.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "runtime/result.hpp"
#include "statemachine/event.hpp"
#include "statemachine/job.hpp"
#include "storage/records.pb.h"

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

/// A number read for an enum must be one of `known`.
template <class Enum>
Enum known_number(int number, std::span<const Enum> known, std::string_view field) {
    for (const Enum value : known) {
        if (static_cast<int>(value) == number) return value;
    }
    throw ErrorException(permanent_error(
        fmt::format("field {} has the unknown number {}: use the emeth that wrote it or a newer one", field, number)));
}

void write(records::Terms& record, const statemachine::Terms& terms);
void write(records::TxRef& record, const statemachine::TxRef& tx);
void write(records::Checkpoint& record, const statemachine::Checkpoint& checkpoint);
void write(records::Artifact& record, const statemachine::Artifact& artifact);
void write(records::Event& record, const statemachine::Event& event);

statemachine::Terms read(const records::Terms& record);
statemachine::TxRef read(const records::TxRef& record);
statemachine::Checkpoint read(const records::Checkpoint& record);
statemachine::Artifact read(const records::Artifact& record);
statemachine::Event read(const records::Event& record);

}  // namespace emeth::storage
