#include <fmt/format.h>

#include "cli/help_formatter.hpp"
#include "cli/program.hpp"
#include "cli/shared_settings.hpp"

namespace emeth::cli {

namespace {

/// Secrets are read from files and the environment only: argv is visible to every user of the machine.
bool is_secret(const std::string& key) {
    return key == "privateKey";
}

/// A flag that is known only to be refused, without repeating its value.
void refuse_secret(CLI::App& command, const std::string& key) {
    const auto refuse = [key](const std::string&) {
        throw CLI::ValidationError(
            "--" + key, fmt::format("not taken from the command line, which every user of this machine can read; put "
                                    "it into a file of mode 0600 and use --{}_file. If it was a key, it is no secret "
                                    "any more: take another one",
                                    key));
    };
    command.add_option_function<std::string>("--" + key, refuse)->group("");
}

std::string help_of(const SettingDeclaration& setting) {
    return setting.default_text.empty() ? setting.help : setting.help + " Default: " + setting.default_text;
}

}  // namespace

void ConfigFlags::add_to(CLI::App& command, const std::vector<SettingDeclaration>& settings) {
    keys = keys_of(settings);
    command.add_option("--config", file, "settings, as lines KEY=value")->type_name("FILE");
    for (const auto& setting : settings) {
        const std::string& key = setting.key;
        if (is_secret(key)) {
            refuse_secret(command, key);
            continue;
        }
        command
            .add_option_function<std::string>(
                "--" + key, [this, key](const std::string& value) { values[key] = value; }, help_of(setting))
            ->type_name("VALUE")
            ->group(settings_group);
    }
    command.set_help_all_flag(settings_help_flag, "print the settings, with their defaults");
}

Result<EnvConfig> ConfigFlags::load() const {
    auto config = file.empty() ? Result<EnvConfig>(EnvConfig{}) : EnvConfig::load(file);
    if (config.has_error()) return config;
    if (auto known = config->check_known(accepted_keys()); known.has_error()) return known.error();
    config->overlay_environment(keys);
    for (const auto& [key, value] : values) config->set_flag(key, value);
    return config;
}

}  // namespace emeth::cli
