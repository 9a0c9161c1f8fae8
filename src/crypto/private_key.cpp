#include "crypto/private_key.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include <cassert>
#include <stdexcept>
#include <utility>

#include "crypto/keccak256.hpp"

namespace emeth::crypto {
namespace {

/// One context for the process, blinded with random bytes against side
/// channels; read-only afterwards, hence thread-safe.
const secp256k1_context* context() {
    static const secp256k1_context* const shared = [] {
        secp256k1_context* fresh = secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
        std::array<std::uint8_t, 32> seed;
        system_random().fill(seed);
        const bool randomised = secp256k1_context_randomize(fresh, seed.data()) == 1;
        OPENSSL_cleanse(seed.data(), seed.size());
        if (!randomised) throw std::runtime_error("libsecp256k1: the context cannot be randomised");
        return fresh;
    }();
    return shared;
}

/// The last 20 bytes of the Keccak-256 of the uncompressed point without its 0x04.
Address address_of(const secp256k1_pubkey& public_key) {
    std::array<std::uint8_t, 65> point;
    std::size_t size = point.size();
    secp256k1_ec_pubkey_serialize(context(), point.data(), &size, &public_key, SECP256K1_EC_UNCOMPRESSED);
    const Hash256 digest = keccak256(std::span<const std::uint8_t>(point).subspan(1));
    Address address;
    std::copy(digest.bytes.end() - Address::size_bytes, digest.bytes.end(), address.bytes.begin());
    return address;
}

/// None if the secret is zero or not below the order of the group.
std::optional<Address> address_of_secret(const std::array<std::uint8_t, 32>& secret) {
    secp256k1_pubkey public_key;
    if (secp256k1_ec_pubkey_create(context(), &public_key, secret.data()) != 1) return std::nullopt;
    return address_of(public_key);
}

}  // namespace

std::string Signature::hex() const {
    return to_hex(bytes);
}

std::optional<Signature> Signature::parse(std::string_view text) {
    Signature signature;
    if (!from_hex(text, signature.bytes)) return std::nullopt;
    return signature;
}

Result<PrivateKey> PrivateKey::parse(std::string_view hex) {
    PrivateKey key;
    if (!from_hex(hex, key.secret_))
        return permanent_error(
            fmt::format("the private key has {} characters or a digit that is not hex; expected 64 hex digits, with or "
                        "without 0x",
                        hex.size()));
    const std::optional<Address> address = address_of_secret(key.secret_);
    if (!address)
        return permanent_error("the private key is zero or beyond the order of secp256k1; generate another one");
    key.address_ = *address;
    return key;
}

PrivateKey PrivateKey::generate(Random& random) {
    PrivateKey key;
    for (;;) {  // the chance of a second iteration is 2^-128
        random.fill(key.secret_);
        if (const std::optional<Address> address = address_of_secret(key.secret_)) {
            key.address_ = *address;
            return key;
        }
    }
}

PrivateKey::PrivateKey(PrivateKey&& other) noexcept : secret_(other.secret_), address_(other.address_) {
    OPENSSL_cleanse(other.secret_.data(), other.secret_.size());
}

PrivateKey& PrivateKey::operator=(PrivateKey&& other) noexcept {
    if (this == &other) return *this;
    secret_ = other.secret_;
    address_ = other.address_;
    OPENSSL_cleanse(other.secret_.data(), other.secret_.size());
    return *this;
}

PrivateKey::~PrivateKey() {
    OPENSSL_cleanse(secret_.data(), secret_.size());
}

Signature PrivateKey::sign(const Hash256& digest) const {
    secp256k1_ecdsa_recoverable_signature recoverable;
    if (secp256k1_ecdsa_sign_recoverable(context(), &recoverable, digest.bytes.data(), secret_.data(), nullptr,
                                         nullptr) != 1)
        throw std::logic_error("a private key that was moved from cannot sign");
    Signature signature;
    int recovery_id = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context(), signature.bytes.data(), &recovery_id,
                                                            &recoverable);
    assert(recovery_id == 0 || recovery_id == 1);  // 2 and 3 need an r beyond the order: a chance of 2^-127
    signature.bytes[64] = static_cast<std::uint8_t>(27 + recovery_id);
    return signature;
}

std::string PrivateKey::reveal_hex() const {
    return to_hex(secret_);
}

std::optional<Address> recover(const Hash256& digest, const Signature& signature) {
    const std::uint8_t v = signature.bytes[64];
    if (v != 27 && v != 28) return std::nullopt;
    secp256k1_ecdsa_signature plain;
    if (secp256k1_ecdsa_signature_parse_compact(context(), &plain, signature.bytes.data()) != 1) return std::nullopt;
    const bool upper_half = secp256k1_ecdsa_signature_normalize(context(), nullptr, &plain) == 1;
    if (upper_half) return std::nullopt;  // the malleable twin of somebody else's signature
    secp256k1_ecdsa_recoverable_signature recoverable;
    secp256k1_pubkey public_key;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(context(), &recoverable, signature.bytes.data(), v - 27) !=
            1 ||
        secp256k1_ecdsa_recover(context(), &public_key, &recoverable, digest.bytes.data()) != 1)
        return std::nullopt;
    return address_of(public_key);
}

Hash256 eip191_digest(std::string_view text) {
    return keccak256(
        fmt::format("\x19"
                    "Ethereum Signed Message:\n{}{}",
                    text.size(), text));
}

std::string checksum_address(const Address& address) {
    std::string text = address.hex();
    const Hash256 digest = keccak256(std::string_view(text).substr(2));
    for (std::size_t digit = 0; digit < 2 * Address::size_bytes; ++digit) {
        const unsigned byte = digest.bytes[digit / 2];
        const unsigned nibble = digit % 2 == 0 ? byte >> 4 : byte & 0xf;
        char& c = text[2 + digit];
        if (nibble >= 8 && c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    }
    return text;
}

}  // namespace emeth::crypto
