#include "network/storage_api/upload_size.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace emeth::network {
namespace {

constexpr std::uint64_t full = 10'000'000;

std::optional<UploadSize> read(const std::string& request) {
    const boost::json::value value = boost::json::parse(request);
    JsonObject fields(value, "the request");
    const UploadSize size = read_upload_size(fields);
    return fields.check().has_value() ? std::optional(size) : std::nullopt;
}

TEST(UploadSize, FollowsFromPartNumAsFarAsThatIsKnown) {
    const auto bounded = [](std::uint32_t parts, std::uint64_t last) { return UploadSize{parts, {last, false}}; };
    EXPECT_EQ(read(R"({"partNum":0})"), bounded(1, full));
    EXPECT_EQ(read(R"({"partNum":3})"), bounded(3, full));
    EXPECT_EQ(read(R"({"partNum":2.5})"), bounded(3, full / 2 + 65'536));
    EXPECT_EQ(read(R"({"partNum":0.0000001})"), bounded(1, 1 + 65'536));
    EXPECT_EQ(read(R"({"partNum":0.9999999})"), bounded(1, full));
    EXPECT_EQ(read(R"({"partNum":10000})"), bounded(10'000, full));
    EXPECT_EQ(read(R"({"partNum":10000.1})"), std::nullopt);
    EXPECT_EQ(read(R"({"partNum":-1})"), std::nullopt);
}

/// As a client computes it, in double and in single precision.
TEST(UploadSize, HasRoomForEveryFileThatAClientDividesItself) {
    for (std::uint64_t bytes = 1; bytes < 10'000 * full; bytes = bytes * 3 + 7) {
        for (const double divided :
             {static_cast<double>(bytes) / 1e7, static_cast<double>(static_cast<float>(bytes) / 1e7F)}) {
            const boost::json::value request{{"partNum", divided}};
            JsonObject fields(request, "the request");
            const UploadSize size = read_upload_size(fields);
            ASSERT_TRUE(fields.check().has_value());
            EXPECT_GE(size.bytes_max(), bytes) << divided;
        }
    }
}

TEST(UploadSize, IsExactWhereTheSizeIsGiven) {
    EXPECT_EQ(read(R"({"partNum":2,"bytes":10000003})"), (UploadSize{2, {3, true}}));
    EXPECT_EQ(read(R"({"partNum":0,"bytes":0})"), (UploadSize{1, {0, true}}));
    EXPECT_EQ(read(R"({"partNum":1,"bytes":10000000})"), (UploadSize{1, {full, true}}));
    EXPECT_EQ(read(R"({"partNum":1,"bytes":10000001})"), std::nullopt);
    EXPECT_EQ(read(R"({"partNum":2,"bytes":10000000})"), std::nullopt);
}

TEST(PartLength, HasATextThatItIsReadFrom) {
    for (const PartLength length : {PartLength{0, true}, PartLength{full, true}, PartLength{7, false}})
        EXPECT_EQ(PartLength::parse(length.text()), length);
    for (const char* wrong : {"", "max-", "-1", "1x", "max-max-1", "+1"})
        EXPECT_EQ(PartLength::parse(wrong), std::nullopt) << wrong;
    EXPECT_TRUE((PartLength{7, false}.allows(6)));
    EXPECT_FALSE((PartLength{7, true}.allows(6)));
    EXPECT_FALSE((PartLength{7, false}.allows(8)));
}

}  // namespace
}  // namespace emeth::network
