// A program's settings as a table: each key is declared in one row, with its help, its default and its reader. Flags,
// the check for unknown keys, the reading and the test of the example files are all derived from the rows.
//
//   const SettingsTable<Options> table{
//       whole_number("threads", &Options::threads, 1, 256, "Threads of each check.")};
//   Options options;
//   if (auto read = read_settings(config, table, options); read.has_error()) return read.error();
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/env_config.hpp"
#include "runtime/result.hpp"

namespace emeth {

/// The name of a setting, what it means and which value applies if none is given.
struct SettingDeclaration {
    std::string key;
    std::string default_text;  ///< empty: no default that could be written down; the help says what happens then
    std::string help;          ///< whole sentences, with the unit
};

/// A setting's text, given or default, with readers whose errors name the key, the value and its origin.
class SettingValue {
public:
    /// Both must outlive it.
    SettingValue(const EnvConfig& config, const SettingDeclaration& declaration);

    [[nodiscard]] const std::string& text() const { return text_; }
    /// Error: "privateKey is missing: set it in config/master.env, the environment or by --privateKey".
    [[nodiscard]] Result<std::string> required() const;
    /// Error: "config/master.env:12: n_epoch is 'two'; expected a whole number from 1 to 1000".
    [[nodiscard]] Result<std::uint64_t> whole_number(std::uint64_t minimum, std::uint64_t maximum) const;
    /// Error: "config/master.env:12: log_level is 'all'; expected info, warn or error".
    [[nodiscard]] Result<std::string> one_of(const std::vector<std::string_view>& names) const;
    /// Comma-separated, blanks trimmed.
    [[nodiscard]] std::vector<std::string> list() const;

    /// An Error if others can see the value, which is a secret: it is a flag, or in a file that they can read.
    /// `instead` is the setting to use.
    [[nodiscard]] Result<void> check_secret(std::string_view instead) const;

    /// "config/master.env:12: n_epoch is 'two'; expected …", permanent. The value is shown as far as it may be
    /// (runtime/redaction.hpp).
    [[nodiscard]] Error refused(std::string_view expected) const;
    /// `error`, prefixed with origin and key.
    [[nodiscard]] Error in_context(Error error) const;

private:
    const EnvConfig& config_;
    const std::string& key_;
    std::string text_;
    std::string place_;
};

/// "a", "a or b", "a, b or c".
std::string alternatives(const std::vector<std::string_view>& names);

/// One row of the table of a program that keeps its settings in an `Out`.
template <class Out>
struct Setting : SettingDeclaration {
    std::function<Result<void>(const SettingValue&, Out&)> apply;
};

template <class Out>
using SettingsTable = std::vector<Setting<Out>>;

/// The first error in the order of the rows.
template <class Out>
Result<void> read_settings(const EnvConfig& config, const SettingsTable<Out>& table, Out& out) {
    for (const auto& setting : table)
        if (auto applied = setting.apply(SettingValue(config, setting), out); applied.has_error()) return applied;
    return {};
}

/// `read`: SettingValue → Result of something that converts to the member's type.
template <class Out, class Base, class Value, class Read>
std::function<Result<void>(const SettingValue&, Out&)> into(Value Base::* member, Read read) {
    return [member, read = std::move(read)](const SettingValue& value, Out& out) -> Result<void> {
        auto parsed = read(value);
        if (parsed.has_error()) return parsed.error();
        out.*member = static_cast<Value>(std::move(*parsed));
        return {};
    };
}

// Rows of the usual kinds. If no default is given, it is the value of the member in a new `Out`.

template <class Out, class Number>
Setting<Out> whole_number(std::string key, Number Out::* member, std::uint64_t minimum, std::uint64_t maximum,
                          std::string help) {
    std::string fallback;
    if constexpr (std::is_integral_v<Number>) {
        fallback = std::to_string(Out{}.*member);
    } else {
        fallback = std::to_string((Out{}.*member).count());  // Milliseconds
    }
    auto read = [minimum, maximum](const SettingValue& value) { return value.whole_number(minimum, maximum); };
    return {{std::move(key), std::move(fallback), std::move(help)}, into<Out>(member, read)};
}

template <class Out>
Setting<Out> text(std::string key, std::string Out::* member, std::string help) {
    auto read = [](const SettingValue& value) -> Result<std::string> { return value.text(); };
    return {{std::move(key), Out{}.*member, std::move(help)}, into<Out>(member, read)};
}

template <class Out>
Setting<Out> text_list(std::string key, std::vector<std::string> Out::* member, std::string fallback,
                       std::string help) {
    auto read = [](const SettingValue& value) -> Result<std::vector<std::string>> { return value.list(); };
    return {{std::move(key), std::move(fallback), std::move(help)}, into<Out>(member, read)};
}

template <class Out>
Setting<Out> one_of(std::string key, std::string Out::* member, std::vector<std::string_view> names, std::string help) {
    auto read = [names = std::move(names)](const SettingValue& value) { return value.one_of(names); };
    return {{std::move(key), Out{}.*member, std::move(help)}, into<Out>(member, read)};
}

/// The rows of a part, as rows of the whole.
template <class Out, class Part>
SettingsTable<Out> rows_of(Part Out::* part, const SettingsTable<Part>& rows) {
    SettingsTable<Out> table;
    for (const auto& row : rows)
        table.push_back(
            {row, [part, apply = row.apply](const SettingValue& value, Out& out) { return apply(value, out.*part); }});
    return table;
}

/// Rows of `tables`, one after another; a table of a base class of `Out` is a part, too.
template <class Out, class... Tables>
SettingsTable<Out> joined(const Tables&... tables) {
    SettingsTable<Out> all;
    const auto add = [&all](const auto& rows) {
        for (const auto& row : rows) all.push_back({row, row.apply});
    };
    (add(tables), ...);
    return all;
}

/// Everything that a program declares, for flags and for the check of the file: the rows of `tables` without their
/// readers. A key that occurs in several of them counts once, as declared in the first.
template <class... Tables>
std::vector<SettingDeclaration> declared(const Tables&... tables) {
    std::vector<SettingDeclaration> all;
    std::set<std::string> known;
    const auto add = [&](const auto& rows) {
        for (const auto& row : rows)
            if (known.insert(row.key).second) all.push_back(row);
    };
    (add(tables), ...);
    return all;
}

std::set<std::string> keys_of(const std::vector<SettingDeclaration>& declarations);

}  // namespace emeth
