// JSON as all of the program reads and writes it: what is accepted is written as a text which gives the same values
// again, numbers to their last digit; reading leniently takes all that reading strictly takes, as the same.
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/property.hpp"
#include "runtime/json_fields.hpp"
#include "runtime/json_keys.hpp"
#include "runtime/utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using emeth::fuzz::require;
    constexpr std::size_t bytes_max = 1 << 20;
    const std::string_view text = emeth::fuzz::text_of(data, size);
    const auto value = emeth::parse_json(text, bytes_max, "it");
    const auto lenient = emeth::parse_json_leniently(text, bytes_max, "it");
    if (lenient) {
        const std::string written = emeth::json_text(*lenient);
        require(emeth::is_utf8(written), "what is written is UTF-8");
        const auto again = emeth::parse_json(written, 6 * bytes_max, "it");
        require(again.has_value() && *again == *lenient && emeth::json_text(*again) == written,
                "JSON is the same after it was written again");
    }
    if (value.has_error()) return 0;
    require(lenient.has_value() && *lenient == *value, "reading leniently reads what reading strictly reads");
    (void)emeth::require_unique_keys(text, "it");
    return 0;
}
