#include "http/listener_settings.hpp"

namespace emeth::http {
namespace {

Result<std::vector<IpBlock>> read_blocks(const SettingValue& value) {
    std::vector<IpBlock> blocks;
    for (const std::string& entry : value.list()) {
        const auto block = IpBlock::parse(entry);
        if (!block) return value.refused("IP addresses and blocks like 10.0.0.0/8, comma-separated");
        blocks.push_back(*block);
    }
    return blocks;
}

}  // namespace

const SettingsTable<ListenerSettings>& listener_settings() {
    using Settings = ListenerSettings;
    static const SettingsTable<Settings> table{
        text("tls_certificate", &Settings::tls_certificate,
             "A PEM file: the certificate to serve TLS with, then those that lead to a trusted one. SIGHUP has it and "
             "tls_key read again. Unset: plain HTTP."),
        text("tls_key", &Settings::tls_key, "A PEM file that only its owner may read: the key of tls_certificate."),
        {{"trusted_proxies", "",
          "Addresses and blocks, comma-separated, of the proxies in front of this server, 127.0.0.1 say: who asks is "
          "then the last address in X-Forwarded-For that is not one of these. Nobody is let in for the address of a "
          "proxy that is not named here."},
         into<Settings>(&Settings::trusted_proxies, read_blocks)}};
    return table;
}

Result<void> apply(const ListenerSettings& settings, ServerOptions& options) {
    options.trusted_proxies = settings.trusted_proxies;
    if (settings.tls_certificate.empty() && settings.tls_key.empty()) return {};
    if (settings.tls_certificate.empty() || settings.tls_key.empty())
        return permanent_error(std::string(settings.tls_key.empty() ? "tls_key" : "tls_certificate") +
                               " is missing: TLS needs both a certificate and its key");
    auto certificate = ServerCertificate::load(settings.tls_certificate, settings.tls_key);
    if (certificate.has_error()) return certificate.error();
    options.certificate = std::move(*certificate);
    return {};
}

}  // namespace emeth::http
