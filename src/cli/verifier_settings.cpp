#include "cli/verifier_settings.hpp"

#include "cli/network_settings.hpp"
#include "runtime/log.hpp"

namespace emeth::cli {

const SettingsTable<VerifierSettings>& verifier_table() {
    using Options = network::VerifierOptions;
    constexpr std::uint64_t week_ms = 7 * 86'400'000;
    static const SettingsTable<VerifierSettings> table = joined<VerifierSettings>(
        SettingsTable<Options>{
            whole_number("threads", &Options::threads, 1, 256,
                         "Threads of each check. As many checks run side by side as the machine has processors and "
                         "memory for."),
            whole_number("patience_ms", &Options::patience, 1'000, week_ms,
                         "How long what was submitted, or the evidence for it, may be missing before the result is "
                         "rejected (ms).")},
        SettingsTable<VerifierSettings>{
            one_of("log_level", &VerifierSettings::log_level, {"trace", "debug", "info", "warn", "error"},
                   "What is logged: trace, debug, info, warn or error."),
            one_of("log_format", &VerifierSettings::log_format, {log_text, log_json},
                   "How the log is written: text, or json, one object a line.")},
        http::listener_settings());
    return table;
}

const ReloadTable<VerifierSettings>& verifier_reloads() {
    using Settings = VerifierSettings;
    static const ReloadTable<Settings> table{
        {"threads", copy_setting<Settings, &Settings::threads>},
        {"patience_ms", copy_setting<Settings, &Settings::patience>},
        {"log_level", copy_setting<Settings, &Settings::log_level>},
    };
    return table;
}

std::vector<SettingDeclaration> verifier_settings() {
    return declared(actor_settings(), verifier_table());
}

}  // namespace emeth::cli
