// TLS: the certificate of our own listeners, which can be read again while they serve, and whom our clients trust.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::http {

/// A listener's certificate with its key. Io thread only.
class ServerCertificate {
public:
    /// `certificate`: PEM, the server's own first, then those that lead to a trusted one. `key`: PEM without a pass
    /// phrase, readable by its owner alone. The Error names the file and what is wrong with it.
    static Result<std::shared_ptr<ServerCertificate>> load(std::filesystem::path certificate,
                                                           std::filesystem::path key);

    /// Reads both files again, for connections from now on. On an Error what was read before stays.
    Result<void> reload();
    /// TLS 1.2 and above. Connections keep the one that they began with.
    [[nodiscard]] std::shared_ptr<asio::ssl::context> context() const { return context_; }

private:
    ServerCertificate(std::filesystem::path certificate, std::filesystem::path key)
        : certificate_(std::move(certificate)), key_(std::move(key)) {}

    std::filesystem::path certificate_, key_;
    std::shared_ptr<asio::ssl::context> context_;
};

/// From now on all clients of this process trust, beside what the system trusts, whatever the certificates in this PEM
/// file vouch for. Doing it again with the same file changes nothing.
Result<void> trust_certificates(const std::filesystem::path& pem);

/// The context of all clients of this process.
asio::ssl::context& client_tls();

}  // namespace emeth::http
