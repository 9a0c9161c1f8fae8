// The settings of whatever listens: its certificate and the proxies before it; and whom clients trust.
#pragma once

#include <string>
#include <vector>

#include "http/server.hpp"
#include "http/tls.hpp"
#include "runtime/ip_block.hpp"
#include "runtime/setting.hpp"

namespace emeth::http {

struct ListenerSettings {
    std::string tls_certificate, tls_key;  ///< files; empty: plain HTTP
    std::vector<IpBlock> trusted_proxies;
};

const SettingsTable<ListenerSettings>& listener_settings();

/// Reads the files, too. Error: one of the two is set without the other, or there is something wrong with them.
Result<void> apply(const ListenerSettings& settings, ServerOptions& options);

/// The row `ca` of every program that asks others. All clients of the process trust what it names from the moment that
/// it is read.
template <class Settings>
Setting<Settings> ca_setting(std::string Settings::* member) {
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
