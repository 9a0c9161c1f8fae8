// Settings that a running program reads again at SIGHUP: what changed, and what of it takes effect while it runs.
//
//   const ReloadTable<Options> at_once{{"threads", copy_setting<Options, &Options::threads>}};
//   take_over(at_once, running, read);
//   tell_changes(texts, texts_read, keys_of(at_once));
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/env_config.hpp"
#include "runtime/result.hpp"
#include "runtime/setting.hpp"
#include "runtime/shutdown.hpp"
#include "runtime/task.hpp"

namespace emeth {

/// What takes effect at once: each key with what is taken over of the settings that were read. Everything else waits
/// for the next start.
template <class Settings>
using ReloadTable = std::map<std::string_view, void (*)(Settings& running, const Settings& read)>;

/// Of the member to which `Path` leads.
template <class Settings, auto... Path>
void copy_setting(Settings& running, const Settings& read) {
    (running.*....*Path) = (read.*....*Path);
}

template <class Settings>
void take_over(const ReloadTable<Settings>& at_once, Settings& running, const Settings& read) {
    for (const auto& [key, take] : at_once) take(running, read);
}

template <class Settings>
std::set<std::string> keys_of(const ReloadTable<Settings>& at_once) {
    std::set<std::string> keys;
    for (const auto& [key, take] : at_once) keys.emplace(key);
    return keys;
}

/// The text of each setting as it was written or by default, by key. Secrets have none.
using SettingTexts = std::map<std::string, std::string>;
SettingTexts setting_texts(const EnvConfig& config, const std::vector<SettingDeclaration>& settings,
                           const std::set<std::string>& secrets);

struct SettingsChange {
    std::string key, before, after;
};
/// By key.
std::vector<SettingsChange> changes(const SettingTexts& before, const SettingTexts& after);
/// "min_fee is now 5 (was 3)", or what stays until the next start.
std::string change_sentence(const SettingsChange& change, bool is_at_once);

/// Logs what is new in `read`, and takes over into `running` what took effect.
void tell_changes(SettingTexts& running, const SettingTexts& read, const std::set<std::string>& at_once);

/// Calls `reload` at each SIGHUP, until cancelled. Its Error means that all settings stay as they are, and is logged.
Task<> reload_on_hang_up(HangUp& hang_up, std::function<Result<void>()> reload);

}  // namespace emeth
