// The byte ranges of RFC 9110, section 14: what a Range header asks of a file, and what a Content-Range says of an
// answer. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace emeth::http {

struct ByteRange {
    std::uint64_t first = 0;
    std::uint64_t bytes = 0;
    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

enum class RangeAnswer : std::uint8_t {
    whole,          ///< 200: there is no such header, it is malformed, of another unit, or asks for several ranges
    part,           ///< 206
    unsatisfiable,  ///< 416
};

struct RangeRequest {
    RangeAnswer answer = RangeAnswer::whole;
    ByteRange range{};  ///< of a part: at least one byte, and within the file
};

/// What the value of a Range header ("bytes=0-499", "bytes=500-", "bytes=-500") asks of a file of `file_bytes`.
RangeRequest parse_range(std::string_view header, std::uint64_t file_bytes);

/// "bytes 0-499/1234"; `range` has at least one byte.
std::string content_range(const ByteRange& range, std::uint64_t file_bytes);
/// "bytes */1234", for a 416.
std::string unsatisfied_content_range(std::uint64_t file_bytes);

struct ContentRange {
    ByteRange range;
    std::optional<std::uint64_t> file_bytes;  ///< none: the server does not know ("*")
};

/// None if `header` is not the Content-Range of a part, or contradicts itself.
std::optional<ContentRange> parse_content_range(std::string_view header);

}  // namespace emeth::http
