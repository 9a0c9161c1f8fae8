#include "crypto/keccak256.hpp"

#include <cryptopp/keccak.h>

namespace emeth::crypto {

Hash256 keccak256(std::span<const std::uint8_t> bytes) {
    Hash256 digest;
    CryptoPP::Keccak_256 keccak;
    keccak.CalculateDigest(digest.bytes.data(), bytes.data(), bytes.size());
    return digest;
}

Hash256 keccak256(std::string_view text) {
    return keccak256(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace emeth::crypto
