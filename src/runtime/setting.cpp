#include "runtime/setting.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/parse_number.hpp"
#include "runtime/redaction.hpp"

namespace emeth {

SettingValue::SettingValue(const EnvConfig& config, const SettingDeclaration& declaration)
    : config_(config), key_(declaration.key) {
    const ConfigValue* given = config.find(key_);
    text_ = given != nullptr ? given->text : declaration.default_text;
    place_ = given != nullptr ? given->place : "default";
}

Result<std::string> SettingValue::required() const {
    return config_.require(key_);
}

Result<std::uint64_t> SettingValue::whole_number(std::uint64_t minimum, std::uint64_t maximum) const {
    const auto number = parse_number<std::uint64_t>(text_);
    if (number && *number >= minimum && *number <= maximum) return *number;
    return refused(fmt::format("a whole number from {} to {}", minimum, maximum));
}

Result<std::string> SettingValue::one_of(const std::vector<std::string_view>& names) const {
    if (std::find(names.begin(), names.end(), text_) != names.end()) return text_;
    return refused(alternatives(names));
}

std::vector<std::string> SettingValue::list() const {
    constexpr std::string_view blanks = " \t\r";
    std::vector<std::string> items;
    for (std::size_t begin = 0; begin <= text_.size();) {
        const std::size_t comma = std::min(text_.find(',', begin), text_.size());
        const std::string_view item = std::string_view(text_).substr(begin, comma - begin);
        const std::size_t first = item.find_first_not_of(blanks);
        if (first != std::string_view::npos)
            items.emplace_back(item.substr(first, item.find_last_not_of(blanks) - first + 1));
        begin = comma + 1;
    }
    return items;
}

Result<void> SettingValue::check_secret(std::string_view instead) const {
    if (place_.starts_with("--"))
        return permanent_error(fmt::format(
            "{} holds a password, and every user of this machine can read the command line; use {}", place_, instead));
    if (config_.others_can_read(key_))
        return permanent_error(fmt::format("{}: {} holds a password, and others can read the file; run: chmod 600 {}",
                                           place_, key_, config_.file_place()));
    return {};
}

Error SettingValue::refused(std::string_view expected) const {
    return permanent_error(fmt::format("{}: {} is '{}'; expected {}", place_, key_, redacted(text_), expected));
}

Error SettingValue::in_context(Error error) const {
    return emeth::in_context(place_ + ": " + key_, std::move(error));
}

std::string alternatives(const std::vector<std::string_view>& names) {
    std::string all;
    for (std::size_t n = 0; n < names.size(); ++n) {
        if (n > 0) all += n + 1 == names.size() ? " or " : ", ";
        all += names[n];
    }
    return all;
}

std::set<std::string> keys_of(const std::vector<SettingDeclaration>& declarations) {
    std::set<std::string> keys;
    for (const auto& declaration : declarations) keys.insert(declaration.key);
    return keys;
}

}  // namespace emeth
