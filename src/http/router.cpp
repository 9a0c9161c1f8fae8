#include "http/router.hpp"

#include <algorithm>

namespace emeth::http {
namespace {

constexpr std::size_t segments_max = 16;
constexpr std::size_t query_fields_max = 32;

int digit_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

/// None for a malformed escape and for control characters, NUL in particular.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = digit_value(text[i + 1]);
            const int low = digit_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            c = static_cast<char>(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if ((c >= 0 && c < ' ') || c == 0x7f) return std::nullopt;
        decoded.push_back(c);
    }
    return decoded;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

bool is_capture(std::string_view segment) {
    return segment.starts_with('{') && segment.ends_with('}');
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& segments) {
    return std::equal(pattern.begin(), pattern.end(), segments.begin(), segments.end(),
                      [](const std::string& expected, const std::string& segment) {
                          return is_capture(expected) ? !segment.empty() : expected == segment;
                      });
}

}  // namespace

Result<Target> Target::parse(std::string_view text) {
    Error malformed = permanent_error("the request's path or query is malformed");
    if (!text.starts_with('/')) return malformed;
    const std::size_t question_mark = text.find('?');
    const std::vector<std::string_view> segments = split(text.substr(1, question_mark - 1), '/');
    if (segments.size() > segments_max) return malformed;

    Target target;
    for (const std::string_view segment : segments) {
        std::optional<std::string> decoded = percent_decoded(segment, false);
        if (!decoded || *decoded == "." || *decoded == ".." || decoded->find('/') != std::string::npos)
            return malformed;
        target.segments.push_back(std::move(*decoded));
    }
    if (question_mark == std::string_view::npos) return target;
    for (const std::string_view field : split(text.substr(question_mark + 1), '&')) {
        const std::size_t equals = std::min(field.find('='), field.size());
        const std::optional<std::string> name = percent_decoded(field.substr(0, equals), true);
        std::optional<std::string> value = percent_decoded(field.substr(std::min(equals + 1, field.size())), true);
        if (!name || !value || target.query.size() == query_fields_max) return malformed;
        if (!field.empty()) target.query.emplace(*name, std::move(*value));
    }
    return target;
}

std::string Target::path() const {
    std::string path;
    for (const std::string& segment : segments) path.append("/").append(segment);
    return path;
}

void Router::add(std::string_view pattern, Route route) {
    for (const std::string_view segment : split(pattern.substr(1), '/')) route.pattern.emplace_back(segment);
    routes_.push_back(std::move(route));
}

Router::Match Router::match(std::string_view method, const Target& target) const {
    Match match;
    for (const Route& route : routes_) {
        if (!fits(route.pattern, target.segments)) continue;
        if (route.method != method && !(route.method == "GET" && method == "HEAD")) {
            match.allowed.append(match.allowed.empty() ? "" : ", ").append(route.method);
            continue;
        }
        match.route = &route;
        for (std::size_t i = 0; i < route.pattern.size(); ++i) {
            const std::string& name = route.pattern[i];
            if (is_capture(name)) match.captures.emplace(name.substr(1, name.size() - 2), target.segments[i]);
        }
        return match;
    }
    return match;
}

}  // namespace emeth::http
