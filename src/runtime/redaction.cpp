#include "runtime/redaction.hpp"

#include <algorithm>

#include "runtime/utf8.hpp"

namespace emeth {
namespace {

/// An address has 40; a key of 64 may have lost some digits.
constexpr std::size_t public_digits_max = 40;

bool is_hex_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// "https://user:password@host/path" → "https://…@host/path". A password may hold any character, so the last '@'
/// counts; whether it stands in a query nobody can tell, so nothing is shown of a text with a '?' before it.
std::string without_login(std::string_view text) {
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos) return std::string(text);
    const std::size_t scheme = text.substr(0, at).find("://");
    const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
    const bool may_be_query = text.substr(0, at).find('?') != std::string_view::npos;
    return std::string(text.substr(0, begin)).append("…").append(may_be_query ? std::string_view() : text.substr(at));
}

/// "https://host/v3/key" → "https://host/…": providers put the key of an account into the path.
std::string without_paths(std::string_view text) {
    constexpr std::string_view ends_url(" \t\r\n\"'");
    std::string shown;
    for (;;) {
        const std::size_t scheme = text.find("://");
        const std::size_t host = scheme == std::string_view::npos ? scheme : scheme + 3;
        const std::size_t path = host == std::string_view::npos ? host : text.find_first_of("/?#", host);
        const std::size_t end = std::min(text.size(), text.find_first_of(ends_url, host));
        if (path == std::string_view::npos) break;
        const bool is_hidden = path + 1 < end && text[path] == '/';
        shown.append(text.substr(0, is_hidden ? path + 1 : end)).append(is_hidden ? "…" : "");
        text.remove_prefix(end);
    }
    return shown.append(text);
}

std::string without_keys(std::string_view text) {
    std::string shown;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = static_cast<std::size_t>(
            std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(begin), text.end(), is_hex_digit) -
            text.begin());
        if (end - begin > public_digits_max)
            shown += "(" + std::to_string(end - begin) + " digits, not shown)";
        else
            shown += text.substr(begin, end - begin);
        if (end < text.size()) shown += text[end];
        begin = end + 1;
    }
    return shown;
}

}  // namespace

std::string redacted(std::string_view text, std::size_t bytes_max) {
    std::string shown = without_keys(without_paths(without_login(text)));
    if (const std::size_t query = shown.find('?'); query != std::string::npos) shown.replace(query, shown.size(), "…");
    return one_line(shown, bytes_max);
}

}  // namespace emeth
