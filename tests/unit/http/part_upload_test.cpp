// What the answer to a part says about the bytes that arrived.
#include "http/part_upload.hpp"

#include <gtest/gtest.h>

namespace emeth::test {
namespace {

using http::claimed_md5;
using http::DoubtedEtags;

constexpr const char* md5_of_abc = "900150983cd24fb0d6963f7d28e17f72";

TEST(ClaimedMd5, AnETagOf32HexDigitsIsOne) {
    EXPECT_EQ(claimed_md5({{"etag", md5_of_abc}}), md5_of_abc);
    EXPECT_EQ(claimed_md5({{"etag", "\"900150983cd24fb0d6963f7d28e17f72\""}}), md5_of_abc);
    EXPECT_EQ(claimed_md5({{"etag", "\"900150983CD24FB0D6963F7D28E17F72\""}}), md5_of_abc);
}

TEST(ClaimedMd5, OtherETagsAreOpaque) {
    for (const std::string etag :
         {"", "\"\"", "\"1\"", "900150983cd24fb0d6963f7d28e17f7", "900150983cd24fb0d6963f7d28e17f7g",
          "\"900150983cd24fb0d6963f7d28e17f72-3\"", "W/\"900150983cd24fb0d6963f7d28e17f72\"",
          "\"900150983cd24fb0d6963f7d28e17f72", "'900150983cd24fb0d6963f7d28e17f72'"})
        EXPECT_FALSE(claimed_md5({{"etag", etag}})) << etag;
    const std::string sha256(64, 'a');
    EXPECT_FALSE(claimed_md5({{"etag", "\"" + sha256 + "\""}})) << "our own Storage API's";
    EXPECT_FALSE(claimed_md5({}));
}

/// S3's documentation: what is encrypted with such keys has ETags that are no MD5 of the bytes.
TEST(ClaimedMd5, WhatIsEncryptedWithOtherKeysHasOpaqueETags) {
    EXPECT_FALSE(claimed_md5({{"etag", md5_of_abc}, {"x-amz-server-side-encryption", "aws:kms"}}));
    EXPECT_FALSE(claimed_md5({{"etag", md5_of_abc}, {"x-amz-server-side-encryption", "aws:kms:dsse"}}));
    EXPECT_FALSE(claimed_md5({{"etag", md5_of_abc}, {"x-amz-server-side-encryption-customer-algorithm", "AES256"}}));
    EXPECT_TRUE(claimed_md5({{"etag", md5_of_abc}, {"x-amz-server-side-encryption", "AES256"}}));
}

/// Its uploads would never end, and cost the deposit.
TEST(DoubtedEtags, AServerWithOtherDigitsEachTimeIsTakenAtItsWordInTheEnd) {
    DoubtedEtags etags;
    for (std::size_t count = 1; count < DoubtedEtags::tries_max; ++count)
        EXPECT_FALSE(etags.is_no_md5("sent", "claim " + std::to_string(count)));
    EXPECT_FALSE(etags.is_no_md5("other bytes", "claim 1"));
    EXPECT_TRUE(etags.is_no_md5("sent", "the last claim"));
}

TEST(DoubtedEtags, AServerThatOnceGaveAnMd5IsNotDoubted) {
    DoubtedEtags etags;
    etags.confirm();
    for (std::size_t count = 1; count < 3 * DoubtedEtags::tries_max; ++count)
        EXPECT_FALSE(etags.is_no_md5("sent", "claim " + std::to_string(count)));
    EXPECT_TRUE(etags.is_no_md5("sent", "claim 1")) << "the same bytes, the same damage: nothing is damaged so";
}

}  // namespace
}  // namespace emeth::test
