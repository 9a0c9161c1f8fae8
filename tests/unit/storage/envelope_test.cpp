#include "storage/envelope.hpp"

#include <gtest/gtest.h>

namespace emeth::storage {
namespace {

TEST(Envelope, LayoutIsFormatSchemaChecksumPayload) {
    const std::string value = seal("key", "payload");
    ASSERT_EQ(value.size(), envelope_bytes + 7);
    EXPECT_EQ(value[0], 1);
    EXPECT_EQ(value[1], 0);
    EXPECT_EQ(value[2], 1);
    EXPECT_EQ(value.substr(envelope_bytes), "payload");
    EXPECT_EQ(*unseal("key", value), "payload");
}

TEST(Envelope, ChecksumIsCrc32c) {
    // Key, header and payload in one run: CRC-32C of "1234" 01 00 01 "56789" by an independent implementation.
    const std::string value = seal("1234", "56789");
    EXPECT_EQ(value.substr(3, 4), std::string("\x16\xe9\xd2\xda", 4));
}

TEST(Envelope, EveryFlippedBitIsDetected) {
    const std::string sealed = seal("key", "some payload");
    for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
        std::string damaged = sealed;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(unseal("key", damaged)) << "bit " << bit;
    }
}

TEST(Envelope, ValueUnderAForeignKeyIsDetected) {
    const auto payload = unseal("other", seal("key", "payload"));
    ASSERT_FALSE(payload);
    EXPECT_NE(payload.error().message.find("damaged"), std::string::npos);
}

TEST(Envelope, CutOffValueIsDetected) {
    const std::string sealed = seal("key", "payload");
    for (std::size_t size = 0; size < sealed.size(); ++size) EXPECT_FALSE(unseal("key", sealed.substr(0, size)));
    EXPECT_FALSE(unseal("key", ""));
}

TEST(Envelope, NewerSchemaIsRefusedWithTheRemedy) {
    const auto payload = unseal("key", seal("key", "payload", schema_version + 1));
    ASSERT_FALSE(payload);
    EXPECT_EQ(payload.error().kind, ErrorKind::permanent);
    EXPECT_EQ(
        payload.error().message,
        "written with schema 2, but this emeth knows only schemas up to 1: use the emeth that wrote it or a newer one");
}

}  // namespace
}  // namespace emeth::storage
