#include "http/request_head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <string>

#include "http/header_text.hpp"
#include "runtime/redaction.hpp"

namespace emeth::http {
namespace {

using boost::beast::iequals;

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view last_line_end = "\r\n\r\n";
constexpr std::size_t content_length_digits_max = 19;
constexpr std::size_t shown_max = 40;
constexpr unsigned headers_too_large = 431;
constexpr unsigned not_implemented = 501;
constexpr unsigned version_not_supported = 505;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter_or_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_token_char(char c) {
    return is_letter_or_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// A visible one, or one of UTF-8.
bool is_text(char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_token_char);
}

/// One IPv6 address in brackets, or a name or IPv4 address; and a port.
bool is_host(std::string_view text) {
    const auto of_name = [](char c) {
        return is_letter_or_digit(c) || std::string_view("-._~%!$&'()*+,;=").find(c) != std::string_view::npos;
    };
    const auto of_ipv6 = [](char c) { return is_letter_or_digit(c) || c == ':' || c == '.'; };
    const bool is_ipv6 = text.starts_with('[');
    const std::size_t end = is_ipv6 ? text.find(']') : text.find(':');
    const std::string_view name = is_ipv6 ? text.substr(1, end - 1) : text.substr(0, end);
    if (name.empty() || (is_ipv6 && end == std::string_view::npos)) return false;
    if (is_ipv6 ? !std::ranges::all_of(name, of_ipv6) : !std::ranges::all_of(name, of_name)) return false;
    const std::string_view port =
        end == std::string_view::npos ? std::string_view() : text.substr(is_ipv6 ? end + 1 : end);
    return port.empty() || (port.starts_with(':') && (port.size() == 1 || is_number(port.substr(1))));
}

std::string shown(std::string_view text) {
    return redacted(text, shown_max);
}

/// Without its end; removed from `rest`.
std::string_view next_line(std::string_view& rest) {
    const std::size_t end = rest.find(line_end);
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + line_end.size());
    return line;
}

struct FramingFields {
    std::size_t hosts = 0, lengths = 0, codings = 0;
    std::string_view coding;
};

/// Method, target and version. Whether it is HTTP/1.1, not 1.0.
OrRefusal<bool> check_request_line(std::string_view line) {
    const std::size_t target = line.find(' ');
    const std::size_t version = line.rfind(' ');
    if (target == std::string_view::npos || version == target || !is_token(line.substr(0, target)))
        return malformed("the request is malformed: its first line is not a method, a path and a version");
    const std::string_view path = line.substr(target + 1, version - target - 1);
    if (path.empty() || !std::ranges::all_of(path, is_text))
        return malformed("the request is malformed: there are blanks or control characters in its path");
    const std::string_view name = line.substr(version + 1);
    if (name == "HTTP/1.1" || name == "HTTP/1.0") return name == "HTTP/1.1";
    const bool is_version =
        name.size() == 8 && name.starts_with("HTTP/") && is_digit(name[5]) && name[6] == '.' && is_digit(name[7]);
    if (is_version) return Refusal(version_not_supported, "only HTTP/1.1 and HTTP/1.0 are served here");
    return malformed("the request is malformed: its first line names no version of HTTP");
}

OrRefusal<void> check_field(std::string_view line, FramingFields& framing) {
    if (line.starts_with(' ') || line.starts_with('\t'))
        return malformed("the request is malformed: a header goes on in the next line");
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || !is_token(name))
        return malformed(fmt::format("the request is malformed: '{}' is no header", shown(line)));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!std::ranges::all_of(value, [](char c) { return is_text(c) || c == ' ' || c == '\t'; }))
        return malformed(fmt::format("the request is malformed: there are control characters in {}", shown(name)));
    if (iequals(name, "host")) {
        ++framing.hosts;
        if (!is_host(value)) return malformed(fmt::format("Host is '{}', which is no host name", shown(value)));
    } else if (iequals(name, "content-length")) {
        ++framing.lengths;
        if (!is_number(value) || value.size() > content_length_digits_max)
            return malformed(fmt::format("Content-Length is '{}', not one number of bytes", shown(value)));
    } else if (iequals(name, "transfer-encoding")) {
        ++framing.codings;
        framing.coding = value;
    }
    return {};
}

OrRefusal<void> check_framing(const FramingFields& framing, bool is_http_1_1) {
    if (framing.hosts > 1) return malformed("the request names more than one Host");
    if (framing.hosts == 0 && is_http_1_1) return malformed("the request names no Host");
    if (framing.lengths > 1) return malformed("the request has more than one Content-Length");
    if (framing.codings == 0) return {};
    if (!is_http_1_1) return malformed("there is no Transfer-Encoding in HTTP/1.0");
    if (framing.lengths > 0) return malformed("a request has Content-Length or Transfer-Encoding, never both");
    if (framing.codings > 1 || !iequals(framing.coding, "chunked"))
        return Refusal(not_implemented, fmt::format("Transfer-Encoding is '{}': only chunked is understood here",
                                                    shown(framing.coding)));
    return {};
}

}  // namespace

std::optional<std::size_t> head_bytes(std::string_view received) {
    const std::size_t end = received.find(last_line_end);
    for (std::size_t feed = received.find('\n'); feed < end; feed = received.find('\n', feed + 1))
        if (feed == 0 || received[feed - 1] != '\r') return feed + 1;
    if (received.starts_with(line_end)) return line_end.size();
    if (end == std::string_view::npos) return std::nullopt;
    return end + last_line_end.size();
}

OrRefusal<void> check_request_head(std::string_view head) {
    if (!head.ends_with(last_line_end) || head_bytes(head) != head.size())
        return malformed("the request is malformed: its lines do not end as those of HTTP do");
    std::string_view rest = head;
    const OrRefusal<bool> is_http_1_1 = check_request_line(next_line(rest));
    if (is_http_1_1.has_error()) return is_http_1_1.error();
    FramingFields framing;
    std::size_t fields = 0;
    for (std::string_view line = next_line(rest); !line.empty(); line = next_line(rest)) {
        if (++fields > header_fields_max)
            return Refusal(headers_too_large, fmt::format("there are more than {} headers", header_fields_max));
        if (auto checked = check_field(line, framing); checked.has_error()) return checked;
    }
    return check_framing(framing, *is_http_1_1);
}

}  // namespace emeth::http
