#include "http/listener_settings.hpp"

namespace emeth::http {

const SettingsTable<ListenerSettings>& listener_settings() {
    using Settings = ListenerSettings;
    static const SettingsTable<Settings> table{
        text("tls_certificate", &Settings::tls_certificate,
             "A PEM file: the certificate to serve TLS with, then those that lead to a trusted one. SIGHUP has it and "
             "tls_key read again. Unset: plain HTTP."),
        text("tls_key", &Settings::tls_key, "A PEM file that only its owner may read: the key of tls_certificate.")};
    return table;
}

Result<std::shared_ptr<ServerCertificate>> load_certificate(const ListenerSettings& settings) {
    if (settings.tls_certificate.empty() && settings.tls_key.empty()) return std::shared_ptr<ServerCertificate>();
    if (settings.tls_certificate.empty() || settings.tls_key.empty())
        return permanent_error(std::string(settings.tls_key.empty() ? "tls_key" : "tls_certificate") +
                               " is missing: TLS needs both a certificate and its key");
    return ServerCertificate::load(settings.tls_certificate, settings.tls_key);
}

}  // namespace emeth::http
