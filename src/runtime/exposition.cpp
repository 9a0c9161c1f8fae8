#include "runtime/exposition.hpp"

#include <fmt/format.h>

#include <cmath>

namespace emeth {
namespace {

/// Of a label's value; a help line may hold quotes.
std::string escaped(std::string_view text, bool is_quoted) {
    std::string result;
    for (const char c : text) {
        if (c == '\\')
            result += "\\\\";
        else if (c == '\n')
            result += "\\n";
        else if (c == '"' && is_quoted)
            result += "\\\"";
        else
            result += c;
    }
    return result;
}

std::string number_text(double value) {
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return std::isnan(value) ? "NaN" : fmt::format("{}", value);
}

}  // namespace

Exposition::Family Exposition::begin(std::string_view name, std::string_view type, std::string_view help) {
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(help, false), name, type);
    return {text_, name};
}

void Exposition::Family::line(std::string_view suffix, const Labels& labels, double value) {
    text_ += name_;
    text_ += suffix;
    std::string_view separator = "{";
    for (const auto& [label, text] : labels) {
        text_ += fmt::format("{}{}=\"{}\"", separator, label, escaped(text, true));
        separator = ",";
    }
    if (!labels.empty()) text_ += '}';
    text_ += fmt::format(" {}\n", number_text(value));
}

Exposition::Family& Exposition::Family::sample(std::optional<double> value, const Labels& labels) {
    if (value) line("", labels, *value);
    return *this;
}

/// Each bucket counts all values up to its bound.
Exposition::Family& Exposition::Family::sample(const Histogram& values, const Labels& labels) {
    Labels with_bound = labels;
    with_bound.emplace_back("le", "");
    std::uint64_t count = 0;
    for (std::size_t bucket = 0; bucket < values.counts().size(); ++bucket) {
        count += values.counts()[bucket];
        const bool has_bound = bucket < values.bounds().size();
        with_bound.back().second = has_bound ? number_text(values.bounds()[bucket]) : "+Inf";
        line("_bucket", with_bound, static_cast<double>(count));
    }
    line("_sum", labels, values.sum());
    line("_count", labels, static_cast<double>(count));
    return *this;
}

}  // namespace emeth
