#include "http/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <utility>

#include "crypto/secret_file.hpp"
#include "runtime/clock.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/log.hpp"
#include "runtime/redaction.hpp"

namespace emeth::http {
namespace {

namespace ssl = asio::ssl;

constexpr std::size_t pem_bytes_max = 256 << 10;
constexpr int days_to_warn = 14;

ssl::context::options secure_options() {
    return ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 |
           ssl::context::no_compression;
}

/// Nobody is at a service's terminal, where OpenSSL would ask.
std::string no_pass_phrase(std::size_t /*bytes_max*/, ssl::context::password_purpose /*purpose*/) {
    return {};
}

Error refused(const std::filesystem::path& file, std::string_view what, const boost::system::error_code& error) {
    return permanent_error(fmt::format("{} is no {}: {}", redacted(file.string()), what, error.message()));
}

void warn_if_it_ends_soon(const ssl::context& context, const std::filesystem::path& file) {
    const X509* certificate = SSL_CTX_get0_certificate(const_cast<ssl::context&>(context).native_handle());
    int days = 0, seconds = 0;
    if (certificate == nullptr || ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate)) != 1)
        return;
    if (days < 0 || seconds < 0)
        spdlog::error("the certificate in {} has expired: clients refuse it; put a new one there and send SIGHUP",
                      file.string());
    else if (days < days_to_warn)
        spdlog::warn("the certificate in {} expires in {} days", file.string(), days);
}

}  // namespace

Result<std::shared_ptr<ServerCertificate>> ServerCertificate::load(std::filesystem::path certificate,
                                                                   std::filesystem::path key) {
    std::shared_ptr<ServerCertificate> loaded(new ServerCertificate(std::move(certificate), std::move(key)));
    if (auto read = loaded->reload(); read.has_error()) return read.error();
    return loaded;
}

Result<void> ServerCertificate::reload() {
    const Result<std::string> chain = read_file(certificate_, pem_bytes_max);
    if (chain.has_error()) return permanent_error("tls_certificate: " + redacted(chain.error().message));
    const Result<std::string> key = crypto::read_secret_file(key_, "a TLS key", pem_bytes_max);
    if (key.has_error()) return in_context("tls_key", key.error());

    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->set_options(secure_options());
    boost::system::error_code error;
    context->set_password_callback(no_pass_phrase, error);
    context->use_certificate_chain(asio::buffer(*chain), error);
    if (error) return in_context("tls_certificate", refused(certificate_, "certificate in PEM", error));
    context->use_private_key(asio::buffer(*key), ssl::context::pem, error);
    if (error) return in_context("tls_key", refused(key_, "private key in PEM for that certificate", error));
    if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
        ERR_clear_error();
        return permanent_error(fmt::format("tls_key: {} is not the key of the certificate in {}",
                                           redacted(key_.string()), redacted(certificate_.string())));
    }
    warn_if_it_ends_soon(*context, certificate_);
    context_ = std::move(context);
    return {};
}

Result<void> trust_certificates(const std::filesystem::path& pem) {
    boost::system::error_code error;
    client_tls().load_verify_file(pem.string(), error);
    if (error) return refused(pem, "file of certificates in PEM", error);
    return {};
}

ssl::context& client_tls() {
    static ssl::context context = [] {
        ssl::context created(ssl::context::tls_client);
        created.set_options(secure_options());
        created.set_default_verify_paths();
        created.set_verify_mode(ssl::verify_peer);
        return created;
    }();
    return context;
}

}  // namespace emeth::http
