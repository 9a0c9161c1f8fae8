// The settings of whatever listens, and whom its clients trust.
#pragma once

#include <memory>
#include <string>

#include "http/tls.hpp"
#include "runtime/setting.hpp"

namespace emeth::http {

struct ListenerSettings {
    std::string tls_certificate, tls_key;  ///< files; empty: plain HTTP
};

const SettingsTable<ListenerSettings>& listener_settings();

/// Null if none is set. Error: one of the two files is set without the other, or there is something wrong with them.
Result<std::shared_ptr<ServerCertificate>> load_certificate(const ListenerSettings& settings);

/// The row `ca` of every program that asks others. All clients of the process trust what it names from the moment that
/// it is read.
template <class Settings>
Setting<Settings> ca_setting(std::string Settings::*member) {
    const auto read = [](const SettingValue& value) -> Result<std::string> {
        if (value.text().empty()) return std::string();
        auto trusted = trust_certificates(value.text());
        if (trusted.has_error()) return value.in_context(trusted.error());
        return value.text();
    };
    return {{"ca", "",
             "A PEM file with certificates that are trusted beside the system's, for servers whose certificate is of "
             "one's own making."},
            into<Settings>(member, read)};
}

}  // namespace emeth::http
