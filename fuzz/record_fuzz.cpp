// Stored records: any bytes decode or are refused, and what decodes encodes to something that decodes to the same. The
// first byte chooses the kind.
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/property.hpp"
#include "storage/envelope.hpp"
#include "storage/record_codec.hpp"

namespace {

using namespace emeth::storage;

template <class Value>
void round_trip(std::string_view bytes, emeth::Result<Value> (*decode)(std::string_view),
                std::string (*encode)(const Value&)) {
    const auto value = decode(bytes);
    if (value.has_error()) return;
    const auto encoded = encode(*value);
    const auto again = decode(encoded);
    // Compared as bytes, because a loss that is NaN does not equal itself.
    emeth::fuzz::require(again.has_value() && encode(*again) == encoded,
                         "a record is the same after it was encoded again");
}

std::string encode_cursor_text(const std::string& value) {
    return encode_cursor(value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 7) {
        case 0:
            round_trip(bytes, decode_job, encode_job);
            break;
        case 1:
            round_trip(bytes, decode_history, encode_history);
            break;
        case 2:
            round_trip(bytes, decode_outbox, encode_outbox);
            break;
        case 3:
            round_trip<std::string>(bytes, decode_cursor, encode_cursor_text);
            break;
        case 4:
            round_trip(bytes, decode_refusal, encode_refusal);
            break;
        case 5:
            (void)unseal("key", bytes);
            break;
        case 6:
            round_trip(bytes, decode_replacement, encode_replacement);
            break;
        default:
            break;
    }
    return 0;
}
