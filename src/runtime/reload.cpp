#include "runtime/reload.hpp"

#include <fmt/format.h>

#include "runtime/log.hpp"
#include "runtime/redaction.hpp"

namespace emeth {

SettingTexts setting_texts(const EnvConfig& config, const std::vector<SettingDeclaration>& settings,
                           const std::set<std::string>& secrets) {
    SettingTexts texts;
    for (const SettingDeclaration& setting : settings)
        if (!secrets.contains(setting.key)) texts[setting.key] = config.text(setting.key, setting.default_text);
    return texts;
}

std::vector<SettingsChange> changes(const SettingTexts& before, const SettingTexts& after) {
    std::vector<SettingsChange> found;
    for (const auto& [key, text] : after) {
        const auto earlier = before.find(key);
        if (earlier != before.end() && earlier->second != text) found.push_back({key, earlier->second, text});
    }
    return found;
}

std::string change_sentence(const SettingsChange& change, bool is_at_once) {
    const std::string before = redacted(change.before), after = redacted(change.after);
    if (is_at_once) return fmt::format("{} is now '{}' (was '{}')", change.key, after, before);
    return fmt::format("{} was changed to '{}', which takes effect at the next start; '{}' stays until then",
                       change.key, after, before);
}

void tell_changes(SettingTexts& running, const SettingTexts& read, const std::set<std::string>& at_once) {
    const std::vector<SettingsChange> changed = changes(running, read);
    if (changed.empty()) spdlog::info("settings read again: none has changed");
    for (const SettingsChange& change : changed) {
        const bool is_at_once = at_once.contains(change.key);
        spdlog::log(is_at_once ? spdlog::level::info : spdlog::level::warn, "settings read again: {}",
                    change_sentence(change, is_at_once));
        if (is_at_once) running[change.key] = change.after;
    }
}

Task<> reload_on_hang_up(HangUp& hang_up, std::function<Result<void>()> reload) {
    for (;;) {
        co_await hang_up.wait();
        const Result<void> done = reload();
        if (done.has_error())
            spdlog::error("the settings are not reloaded, all stay as they are: {}", done.error().message);
    }
}

}  // namespace emeth
