#include "http/byte_range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <charconv>
#include <limits>

#include "http/header_text.hpp"

namespace emeth::http {
namespace {

constexpr std::string_view unit = "bytes";

/// Of digits; the largest number if it is larger than that: no file has so many bytes.
std::uint64_t number(std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() ? value : std::numeric_limits<std::uint64_t>::max();
}

/// The number that fits; none for anything else.
std::optional<std::uint64_t> exact_number(std::string_view text) {
    if (!is_number(text) || number(text) == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    return number(text);
}

}  // namespace

RangeRequest parse_range(std::string_view header, std::uint64_t file_bytes) {
    const std::size_t equals = header.find('=');
    if (equals == std::string_view::npos) return {};
    const std::string_view asked_unit = trimmed(header.substr(0, equals));
    const std::string_view range = trimmed(header.substr(equals + 1));
    const std::size_t dash = range.find('-');
    if (!boost::beast::iequals(asked_unit, unit) || dash == std::string_view::npos) return {};
    const std::string_view first_text = range.substr(0, dash), last_text = range.substr(dash + 1);

    if (first_text.empty()) {  // the last so many bytes
        if (!is_number(last_text)) return {};
        const std::uint64_t bytes = std::min(number(last_text), file_bytes);
        if (number(last_text) == 0) return {RangeAnswer::unsatisfiable};
        if (bytes == 0) return {};  // all of an empty file, which no Content-Range can say
        return {RangeAnswer::part, {file_bytes - bytes, bytes}};
    }
    if (!is_number(first_text) || (!last_text.empty() && !is_number(last_text))) return {};
    const std::uint64_t first = number(first_text);
    const std::uint64_t last = last_text.empty() ? std::numeric_limits<std::uint64_t>::max() : number(last_text);
    if (last < first) return {};
    if (first >= file_bytes) return {RangeAnswer::unsatisfiable};
    return {RangeAnswer::part, {first, std::min(last, file_bytes - 1) - first + 1}};
}

std::string content_range(const ByteRange& range, std::uint64_t file_bytes) {
    return fmt::format("{} {}-{}/{}", unit, range.first, range.first + range.bytes - 1, file_bytes);
}

std::string unsatisfied_content_range(std::uint64_t file_bytes) {
    return fmt::format("{} */{}", unit, file_bytes);
}

std::optional<ContentRange> parse_content_range(std::string_view header) {
    if (header.size() <= unit.size() || !boost::beast::iequals(header.substr(0, unit.size()), unit) ||
        header[unit.size()] != ' ')
        return std::nullopt;
    const std::string_view range = header.substr(unit.size() + 1);
    const std::size_t dash = range.find('-'), slash = range.find('/');
    if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) return std::nullopt;
    const auto first = exact_number(range.substr(0, dash));
    const auto last = exact_number(range.substr(dash + 1, slash - dash - 1));
    if (!first || !last || *last < *first) return std::nullopt;
    ContentRange parsed{{*first, *last - *first + 1}, std::nullopt};
    if (range.substr(slash + 1) == "*") return parsed;
    parsed.file_bytes = exact_number(range.substr(slash + 1));
    if (!parsed.file_bytes || *last >= *parsed.file_bytes) return std::nullopt;
    return parsed;
}

}  // namespace emeth::http
