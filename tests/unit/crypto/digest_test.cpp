#include <gtest/gtest.h>

#include <fstream>

#include "crypto/keccak256.hpp"
#include "crypto/md5.hpp"
#include "crypto/sha256.hpp"
#include "support/temporary_folder.hpp"

namespace emeth::crypto {
namespace {

TEST(Keccak256, KnownVectors) {
    EXPECT_EQ(keccak256("").hex(), "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    EXPECT_EQ(keccak256("abc").hex(), "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    const std::array<std::uint8_t, 3> bytes{'a', 'b', 'c'};
    EXPECT_EQ(keccak256(bytes), keccak256("abc"));
    // The selector of transfer(address,uint256) that every ERC-20 has.
    EXPECT_EQ(keccak256("transfer(address,uint256)").hex().substr(0, 10), "0xa9059cbb");
}

TEST(Sha256, KnownVectorsWholeAndInPieces) {
    const char* const of_abc = "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    EXPECT_EQ(sha256("").hex(), "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256("abc").hex(), of_abc);
    Sha256 stream;
    stream.update("a");
    Sha256 moved = std::move(stream);
    moved.update("bc");
    EXPECT_EQ(moved.finish().hex(), of_abc);
}

TEST(Sha256, OfAFileThatIsLongerThanOnePiece) {
    const test::TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "million";
    std::ofstream(file) << std::string(3'000'000, 'a');
    EXPECT_EQ(sha256_of_file(file).value(), sha256(std::string(3'000'000, 'a')));
    std::ofstream(file) << std::string(1'000'000, 'a');
    EXPECT_EQ(sha256_of_file(file).value().hex(), "0xcdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    EXPECT_EQ(sha256_of_file(folder.path() / "absent").error().message,
              "cannot open " + (folder.path() / "absent").string() + ": No such file or directory");
    EXPECT_TRUE(sha256_of_file(folder.path()).has_error());
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(HmacSha256, Rfc4231Vectors) {
    EXPECT_EQ(hmac_sha256(bytes_of("Jefe"), "what do ya want for nothing?").hex(),
              "0x5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    const std::string key(20, '\x0b');
    EXPECT_EQ(hmac_sha256(bytes_of(key), "Hi There").hex(),
              "0xb0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hmac_sha256({}, "").hex(), "0xb613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Md5, OfARangeOfAFile) {
    const test::TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "parts";
    std::ofstream(file) << "..abc" << std::string(3'000'000, 'a');
    EXPECT_EQ(md5_of_range(file, 2, 3).value(), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(md5_of_range(file, 0, 0).value(), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(md5_of_range(file, 5, 1'000'000).value(), "7707d6ae4e027c70eea2a935c2296f21");
    EXPECT_EQ(md5_of_range(file, 5, 3'000'001).error().kind, ErrorKind::transient);
    EXPECT_TRUE(md5_of_range(folder.path() / "absent", 0, 1).has_error());
}

TEST(EqualConstantTime, ComparesLengthAndContents) {
    EXPECT_TRUE(equal_constant_time(bytes_of("abc"), bytes_of("abc")));
    EXPECT_FALSE(equal_constant_time(bytes_of("abc"), bytes_of("abd")));
    EXPECT_FALSE(equal_constant_time(bytes_of("abc"), bytes_of("ab")));
    EXPECT_TRUE(equal_constant_time({}, {}));
}

}  // namespace
}  // namespace emeth::crypto
