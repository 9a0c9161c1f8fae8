#include "crypto/private_key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/keccak256.hpp"

namespace emeth::crypto {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view order_hex = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
/// The first account of anvil and Hardhat.
constexpr std::string_view anvil_key = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

PrivateKey key_number(int number) {
    std::string hex(63, '0');
    return PrivateKey::parse(hex + std::to_string(number)).value();
}

TEST(PrivateKey, KnownAddresses) {
    EXPECT_EQ(checksum_address(key_number(1).address()), "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
    EXPECT_EQ(checksum_address(key_number(2).address()), "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF");
    EXPECT_EQ(checksum_address(PrivateKey::parse(anvil_key).value().address()),
              "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
}

TEST(PrivateKey, RefusesWhatIsNoKeyWithoutRepeatingIt) {
    const std::string short_key = "abcdef0123456789";
    const Result<PrivateKey> refused = PrivateKey::parse(short_key);
    ASSERT_TRUE(refused.has_error());
    EXPECT_THAT(refused.error().message, HasSubstr("has 16 characters"));
    EXPECT_THAT(refused.error().message, Not(HasSubstr(short_key)));
    EXPECT_TRUE(PrivateKey::parse(std::string(64, 'g')).has_error());
    EXPECT_THAT(PrivateKey::parse(std::string(64, '0')).error().message, HasSubstr("zero or beyond the order"));
    EXPECT_TRUE(PrivateKey::parse(order_hex).has_error());
    std::string largest(order_hex);
    largest.back() = '0';
    EXPECT_TRUE(PrivateKey::parse(largest).has_value());
}

TEST(PrivateKey, RevealedHexReadsBackAndMovedFromKeyCannotSign) {
    PrivateKey key = PrivateKey::generate(system_random());
    const Address address = key.address();
    EXPECT_EQ(PrivateKey::parse(key.reveal_hex()).value().address(), address);
    const PrivateKey moved = std::move(key);
    EXPECT_EQ(moved.address(), address);
    EXPECT_THROW(static_cast<void>(key.sign(keccak256("x"))), std::logic_error);  // NOLINT(bugprone-use-after-move)
}

/// Bytes of a list, then of the system.
class ScriptedRandom final : public Random {
public:
    explicit ScriptedRandom(std::vector<Hash256> first) : first_(std::move(first)) {}
    void fill(std::span<std::uint8_t> out) override {
        if (next_ == first_.size()) return system_random().fill(out);
        std::copy(first_[next_].bytes.begin(), first_[next_].bytes.end(), out.begin());
        ++next_;
    }

private:
    std::vector<Hash256> first_;
    std::size_t next_ = 0;
};

TEST(PrivateKey, GenerateDrawsAgainWhenTheDrawIsNoKey) {
    Hash256 one;
    one.bytes.back() = 1;
    ScriptedRandom random({Hash256{}, *Hash256::parse(order_hex), one});
    EXPECT_EQ(PrivateKey::generate(random).address(), key_number(1).address());
}

TEST(Signature, IsDeterministicAndRecoversItsSigner) {
    const PrivateKey key = PrivateKey::parse(anvil_key).value();
    const Hash256 digest = eip191_digest("hello");
    const Signature signature = key.sign(digest);
    EXPECT_EQ(signature, key.sign(digest));
    EXPECT_TRUE(signature.bytes[64] == 27 || signature.bytes[64] == 28);
    EXPECT_EQ(recover(digest, signature), key.address());
    EXPECT_EQ(Signature::parse(signature.hex()), signature);
    EXPECT_NE(recover(eip191_digest("hello!"), signature), key.address());
}

TEST(Signature, ManyRoundTrips) {
    for (int round = 0; round < 50; ++round) {
        const PrivateKey key = PrivateKey::generate(system_random());
        const Hash256 digest = keccak256(std::to_string(round));
        EXPECT_EQ(recover(digest, key.sign(digest)), key.address());
    }
}

TEST(Eip191, KnownDigest) {
    // ethers.hashMessage("Hello World")
    EXPECT_EQ(eip191_digest("Hello World").hex(), "0xa1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2");
}

/// order − s and the other v: an equally valid signature to anyone who does not require the low s.
Signature twin_of(const Signature& signature) {
    const Hash256 order = *Hash256::parse(order_hex);
    Signature twin = signature;
    int borrow = 0;
    for (std::size_t i = 32; i-- > 0;) {
        int digit = order.bytes[i] - signature.bytes[32 + i] - borrow;
        borrow = digit < 0 ? 1 : 0;
        twin.bytes[32 + i] = static_cast<std::uint8_t>(digit + 256 * borrow);
    }
    twin.bytes[64] = static_cast<std::uint8_t>(27 + 28 - signature.bytes[64]);
    return twin;
}

TEST(Signature, MalleableTwinIsRefused) {
    const PrivateKey key = key_number(1);
    const Hash256 digest = keccak256("message");
    const Signature twin = twin_of(key.sign(digest));
    EXPECT_EQ(recover(digest, twin), std::nullopt);
    EXPECT_EQ(recover(digest, twin_of(twin)), key.address());  // twin_of() is its own inverse
}

TEST(Signature, MalformedOnesAreRefused) {
    const Hash256 digest = keccak256("message");
    const Signature good = key_number(1).sign(digest);
    Signature bad = good;
    for (const int v : {0, 1, 26, 29, 255}) {
        bad.bytes[64] = static_cast<std::uint8_t>(v);
        EXPECT_EQ(recover(digest, bad), std::nullopt) << v;
    }
    EXPECT_EQ(recover(digest, Signature{}), std::nullopt);
    bad = Signature{};
    bad.bytes[64] = 27;
    EXPECT_EQ(recover(digest, bad), std::nullopt);  // r = s = 0
    bad = good;
    std::fill(bad.bytes.begin(), bad.bytes.begin() + 32, std::uint8_t{0xff});
    EXPECT_EQ(recover(digest, bad), std::nullopt);  // r beyond the order
    EXPECT_EQ(Signature::parse("0x1234"), std::nullopt);
    EXPECT_EQ(Signature::parse(good.hex() + "00"), std::nullopt);
}

TEST(ChecksumAddress, CasesOfEip55) {
    for (const std::string expected :
         {"0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
          "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
          "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
          "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"})
        EXPECT_EQ(checksum_address(*Address::parse(expected)), expected);
}

}  // namespace
}  // namespace emeth::crypto
