// Protobuf's wire format, field by field, without making messages of it. Internal to storage/.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/result.hpp"

namespace emeth::storage {

/// One field as it is encoded: `bytes` for strings, messages and packed numbers, otherwise `number`.
struct WireField {
    std::uint32_t number_of_field = 0;
    bool is_bytes = false;
    std::uint64_t number = 0;
    std::string_view bytes;
};

/// Throws ErrorException (permanent) when the bytes do not parse.
class WireReader {
public:
    explicit WireReader(std::string_view encoded) : rest_(encoded) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }

    WireField next() {
        constexpr unsigned type_bits = 3;
        const std::uint64_t tag = varint();
        WireField field{static_cast<std::uint32_t>(tag >> type_bits), false, 0, {}};
        switch (tag & ((1U << type_bits) - 1)) {
            case 0:
                field.number = varint();
                return field;
            case 1:
                field.number = fixed64();
                return field;
            case 2:
                field.is_bytes = true;
                field.bytes = take(varint());
                return field;
            case 5:
                take(sizeof(std::uint32_t));  // no record has one: a newer emeth's
                return field;
            default:
                throw damaged();
        }
    }

    std::uint64_t varint() {
        if (!rest_.empty() && static_cast<std::uint8_t>(rest_.front()) < 0x80) {  // as most are
            const auto value = static_cast<std::uint8_t>(rest_.front());
            rest_.remove_prefix(1);
            return value;
        }
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (rest_.empty()) throw damaged();
            const auto byte = static_cast<std::uint8_t>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) return value;
        }
        throw damaged();
    }

    /// Little-endian, as a double is packed.
    std::uint64_t fixed64() {
        const std::string_view bytes = take(sizeof(std::uint64_t));
        std::uint64_t value = 0;
        for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
        return value;
    }

private:
    static ErrorException damaged() { return ErrorException(permanent_error("does not parse: the record is damaged")); }
    std::string_view take(std::uint64_t bytes) {
        if (bytes > rest_.size()) throw damaged();
        const std::string_view taken = rest_.substr(0, bytes);
        rest_.remove_prefix(bytes);
        return taken;
    }

    std::string_view rest_;
};

}  // namespace emeth::storage
