// Settings from a .env file (KEY=value), the environment and flags, in ascending order of precedence; the origin of
// each value is kept for error messages. What the values mean is declared in tables of runtime/setting.hpp.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "runtime/result.hpp"

namespace emeth {

/// A value with its origin: "config/master.env:12", "environment", "--min_fee".
struct ConfigValue {
    std::string text;
    std::string place;
};

/// A key may be written with '_' for '.' ("timeout_learning"). An empty value counts as unset, so the fallback applies.
class EnvConfig {
public:
    static constexpr std::size_t file_bytes_max = 1 << 20;

    /// Parses KEY=value lines: '#' comments (after an unquoted value if preceded by a blank), blank lines, optional
    /// "export ", single or double quotes around the value, no expansion. Never throws. The error names `place` and the
    /// line, and never repeats a value. Giving a key twice is an error.
    static Result<EnvConfig> parse(std::string_view text, const std::string& place);
    static Result<EnvConfig> load(const std::filesystem::path& file);

    /// Adopts each of `known_keys` that is set in the process environment (not empty).
    void overlay_environment(const std::set<std::string>& known_keys);
    void set_flag(const std::string& key, const std::string& value);

    /// Error for the first unknown key, with file, line and the closest known key as a suggestion.
    [[nodiscard]] Result<void> check_known(const std::set<std::string>& known_keys) const;

    [[nodiscard]] const ConfigValue* find(const std::string& key) const;
    /// Error: "privateKey is missing: set it in config/master.env, the environment or by --privateKey".
    [[nodiscard]] Result<std::string> require(const std::string& key) const;
    [[nodiscard]] std::string text(const std::string& key, std::string fallback) const;
    [[nodiscard]] const std::string& file_place() const { return file_place_; }
    /// Whether the value comes from a file that load() found readable by others than its owner.
    [[nodiscard]] bool others_can_read(const std::string& key) const;

private:
    Result<void> add_line(std::string_view line, const std::string& place);

    std::map<std::string, ConfigValue> values_;  // by key, with '_' for '.'
    std::string file_place_ = "a .env file";
    bool file_is_private_ = true;
};

}  // namespace emeth
