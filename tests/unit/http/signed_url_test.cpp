#include <gtest/gtest.h>

#include "http/router.hpp"
#include "http/signed_url.hpp"

namespace emeth::http {
namespace {

constexpr std::int64_t expiry_ms = 1'700'000'060'000;
constexpr std::string_view path = "/objects/result/a.tar";

std::array<std::uint8_t, 32> secret(std::uint8_t byte) {
    std::array<std::uint8_t, 32> bytes{};
    bytes.fill(byte);
    return bytes;
}

class SignedUrl : public ::testing::Test {
protected:
    Result<void> check(std::string_view method, std::string_view at, std::int64_t now_ms) {
        return signer.check(method, at, query, now_ms);
    }

    UrlSigner signer{secret(1)};
    std::map<std::string, std::string> query = Target::parse(signer.sign("GET", path, expiry_ms)).value().query;
};

TEST_F(SignedUrl, IsGoodForItsMethodAndPathUntilItExpires) {
    EXPECT_TRUE(check("GET", path, expiry_ms - 1));
    const Result<void> late = check("GET", path, expiry_ms);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().message, "the URL has expired; ask for a new one");
}

TEST_F(SignedUrl, IsGoodForNothingElse) {
    EXPECT_FALSE(check("PUT", path, 0));
    EXPECT_FALSE(check("GET", "/objects/result/b.tar", 0));
    EXPECT_FALSE(UrlSigner(secret(2)).check("GET", path, query, 0));
}

TEST_F(SignedUrl, CannotBeProlonged) {
    query["expires"] = std::to_string(expiry_ms + 1);
    EXPECT_EQ(check("GET", path, 0).error().message, "the URL's signature is wrong");
    query["expires"] = "x";
    EXPECT_FALSE(check("GET", path, 0));
    query.erase("expires");
    EXPECT_FALSE(check("GET", path, 0));
}

TEST_F(SignedUrl, NeedsItsWholeSignature) {
    const std::string signature = query["signature"];
    query["signature"] = signature.substr(1);
    EXPECT_FALSE(check("GET", path, 0));
    query["signature"] = (signature[0] == '0' ? "1" : "0") + signature.substr(1);
    EXPECT_FALSE(check("GET", path, 0));
    query["signature"] = "";
    EXPECT_FALSE(check("GET", path, 0));
}

}  // namespace
}  // namespace emeth::http
