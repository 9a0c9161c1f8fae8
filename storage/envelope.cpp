#include "storage/envelope.hpp"

#include <fmt/format.h>

#include "storage/checksum.hpp"
#include "storage/keys.hpp"

namespace emeth::storage {
namespace {

constexpr std::size_t crc_offset = 3;

std::uint32_t checksum(std::string_view key, std::string_view header, std::string_view payload) {
    Crc32c crc;
    crc.update(key);
    crc.update(header);
    crc.update(payload);
    return crc.value();
}

}  // namespace

std::string seal(std::string_view key, std::string_view payload, std::uint16_t schema) {
    std::string value;
    value.reserve(envelope_bytes + payload.size());
    value.push_back(static_cast<char>(envelope_format));
    append_big_endian(value, schema);
    append_big_endian(value, checksum(key, value, payload));
    value.append(payload);
    return value;
}

Result<std::string_view> unseal(std::string_view key, std::string_view value) {
    if (value.size() < envelope_bytes) {
        return permanent_error(
            fmt::format("value of {} bytes is cut off: an envelope alone has {}", value.size(), envelope_bytes));
    }
    const auto format = static_cast<std::uint8_t>(value.front());
    if (format != envelope_format) {
        return permanent_error(fmt::format(
            "written in format {}, but this emeth knows only format {}: use the emeth that wrote it or a newer one; if "
            "none did, the value is damaged",
            format, envelope_format));
    }
    const auto schema = read_big_endian<std::uint16_t>(value.substr(1));
    const auto recorded = read_big_endian<std::uint32_t>(value.substr(crc_offset));
    const std::string_view payload = value.substr(envelope_bytes);
    const std::uint32_t computed = checksum(key, value.substr(0, crc_offset), payload);
    if (computed != recorded) {
        return permanent_error(fmt::format(
            "checksum is {:08x}, not {:08x}: the value is damaged; restore the store from a copy", computed, recorded));
    }
    if (schema > schema_version) {
        return permanent_error(
            fmt::format("written with schema {}, but this emeth knows only schemas up to {}: use the emeth that wrote "
                        "it or a newer one",
                        schema, schema_version));
    }
    return payload;
}

}  // namespace emeth::storage
