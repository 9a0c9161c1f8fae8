#include "runtime/env_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <numeric>

#include "runtime/durable_file.hpp"
#include "runtime/redaction.hpp"

namespace emeth {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// The name of an environment variable cannot contain a dot: `timeout.learning` and
/// `timeout_learning` are the same key.
std::string normalised(std::string_view key) {
    std::string name(key);
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

bool is_key(std::string_view text) {
    const auto is_key_character = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
    };
    return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
           std::all_of(text.begin(), text.end(), is_key_character);
}

/// The text to the right of '=': quoted, or up to a comment. The error is a predicate without the text,
/// which may be a key.
Result<std::string> parse_value(std::string_view text) {
    text = trimmed(text);
    if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
        const std::size_t end = text.find(text.front(), 1);
        if (end == std::string_view::npos) return permanent_error("has a quote that is not closed");
        const std::string_view rest = trimmed(text.substr(end + 1));
        if (!rest.empty() && rest.front() != '#') return permanent_error("has text after the closing quote");
        return std::string(text.substr(1, end - 1));
    }
    if (text.starts_with('#')) return std::string();
    const std::size_t comment = std::min(text.find(" #"), text.find("\t#"));
    return std::string(trimmed(text.substr(0, comment)));
}

/// The number of single-character insertions, deletions and substitutions between them, ignoring case.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = std::tolower(static_cast<unsigned char>(a[i - 1])) ==
                              std::tolower(static_cast<unsigned char>(b[j - 1]));
            const std::size_t replaced = diagonal + (same ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
        }
    }
    return row.back();
}

/// "; did you mean n_epoch?", or nothing if no known key is close.
std::string suggestion(const std::string& key, const std::set<std::string>& known_keys) {
    constexpr std::size_t key_length_max = 64;  // anything longer is not a typing error
    if (key.size() > key_length_max || known_keys.empty()) return {};
    const auto nearer = [&](const std::string& a, const std::string& b) {
        return edit_distance(key, a) < edit_distance(key, b);
    };
    const std::string& nearest = *std::min_element(known_keys.begin(), known_keys.end(), nearer);
    const std::size_t distance_max = std::max<std::size_t>(2, key.size() / 3);
    if (edit_distance(key, nearest) > distance_max) return {};
    return "; did you mean " + nearest + "?";
}

}  // namespace

Result<EnvConfig> EnvConfig::parse(std::string_view text, const std::string& place) {
    if (text.size() > file_bytes_max)
        return permanent_error(fmt::format("{} has {} bytes; at most {} are read", place, text.size(), file_bytes_max));
    if (text.find('\0') != std::string_view::npos) return permanent_error(place + " is not a text file");
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark

    EnvConfig config;
    config.file_place_ = place;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line.front() == '#') continue;
        if (Result<void> added = config.add_line(line, fmt::format("{}:{}", place, number)); !added)
            return added.error();
    }
    return config;
}

Result<void> EnvConfig::add_line(std::string_view line, const std::string& place) {
    if (line.starts_with("export ") || line.starts_with("export\t")) line = trimmed(line.substr(7));
    const std::size_t equals = line.find('=');
    const std::string_view key = trimmed(line.substr(0, equals));
    if (equals == std::string_view::npos || !is_key(key))
        return permanent_error(place + ": this is not a setting; expected KEY=value, or # before a comment");
    Result<std::string> value = parse_value(line.substr(equals + 1));
    if (value.has_error())
        return permanent_error(fmt::format("{}: the value of {} {}", place, key, value.error().message));
    const auto [entry, added] = values_.try_emplace(normalised(key), ConfigValue{std::move(*value), place});
    if (!added)
        return permanent_error(
            fmt::format("{}: {} is given twice, first at {}; remove one", place, key, entry->second.place));
    return {};
}

Result<EnvConfig> EnvConfig::load(const std::filesystem::path& file) {
    const Result<std::string> text = read_file(file, file_bytes_max);
    if (text.has_error()) return in_context("settings", text.error());
    Result<EnvConfig> config = parse(*text, file.string());
    std::error_code unknown;
    const auto permissions = std::filesystem::status(file, unknown).permissions();
    constexpr auto of_others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    if (config) config->file_is_private_ = !unknown && (permissions & of_others) == std::filesystem::perms::none;
    return config;
}

bool EnvConfig::others_can_read(const std::string& key) const {
    const ConfigValue* value = find(key);
    return value != nullptr && !file_is_private_ && value->place.starts_with(file_place_ + ":");
}

void EnvConfig::overlay_environment(const std::set<std::string>& known_keys) {
    for (const std::string& key : known_keys) {
        const char* value = std::getenv(key.c_str());
        if (value == nullptr) value = std::getenv(normalised(key).c_str());
        if (value != nullptr && *value != '\0') values_[normalised(key)] = {value, "environment"};
    }
}

void EnvConfig::set_flag(const std::string& key, const std::string& value) {
    values_[normalised(key)] = {value, "--" + key};
}

Result<void> EnvConfig::check_known(const std::set<std::string>& known_keys) const {
    for (const auto& [key, value] : values_) {
        const auto is_this = [&own = key](const std::string& known) { return normalised(known) == own; };
        if (std::any_of(known_keys.begin(), known_keys.end(), is_this)) continue;
        return permanent_error(
            fmt::format("{}: {} is not a known setting{}", value.place, redacted(key), suggestion(key, known_keys)));
    }
    return {};
}

const ConfigValue* EnvConfig::find(const std::string& key) const {
    const auto entry = values_.find(normalised(key));
    return entry == values_.end() || entry->second.text.empty() ? nullptr : &entry->second;
}

Result<std::string> EnvConfig::require(const std::string& key) const {
    if (const ConfigValue* value = find(key)) return value->text;
    return permanent_error(
        fmt::format("{} is missing: set it in {}, the environment or by --{}", key, file_place_, key));
}

std::string EnvConfig::text(const std::string& key, std::string fallback) const {
    const ConfigValue* value = find(key);
    return value == nullptr ? fallback : value->text;
}

}  // namespace emeth
