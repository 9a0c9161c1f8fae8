// secp256k1 keys and recoverable signatures (libsecp256k1, RFC 6979 nonces, low s).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/random.hpp"
#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::crypto {

/// r ‖ s ‖ v, v = 27 or 28.
struct Signature {
    std::array<std::uint8_t, 65> bytes{};

    [[nodiscard]] std::string hex() const;  ///< 0x + 130 digits
    static std::optional<Signature> parse(std::string_view text);
    friend bool operator==(const Signature&, const Signature&) = default;
};

/// Wiped from memory when destroyed; never printed.
class PrivateKey {
public:
    /// 32 bytes of hex, with or without 0x. The error never repeats the text.
    static Result<PrivateKey> parse(std::string_view hex);
    static PrivateKey generate(Random& random);
    PrivateKey(const PrivateKey&) = delete;
    PrivateKey& operator=(const PrivateKey&) = delete;
    PrivateKey(PrivateKey&& other) noexcept;
    PrivateKey& operator=(PrivateKey&& other) noexcept;
    ~PrivateKey();

    [[nodiscard]] const Address& address() const { return address_; }
    /// Signs the raw digest, without any prefix.
    [[nodiscard]] Signature sign(const Hash256& digest) const;
    /// Only for writing a key file.
    [[nodiscard]] std::string reveal_hex() const;

private:
    PrivateKey() = default;
    std::array<std::uint8_t, 32> secret_{};
    Address address_;
};

/// The address whose key made `signature` over `digest`; none if the signature is malformed or s is in the upper half.
std::optional<Address> recover(const Hash256& digest, const Signature& signature);

/// keccak256("\x19Ethereum Signed Message:\n" + length + text), EIP-191.
Hash256 eip191_digest(std::string_view text);

/// EIP-55 mixed-case checksum form.
std::string checksum_address(const Address& address);

}  // namespace emeth::crypto
