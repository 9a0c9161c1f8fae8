// Certificates for tests of TLS.
#pragma once

#include <filesystem>

namespace emeth::test {

/// Writes <stem>.key and <stem>.pem, both 0600: a certificate for 127.0.0.1 that signed itself, with
/// a subject of its own, since that is how a certificate is found. No host name: a machine without /etc/hosts knows
/// none.
void make_certificate(const std::filesystem::path& stem);

}  // namespace emeth::test
