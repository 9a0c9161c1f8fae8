#include "http/content_coding.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

namespace emeth::http {
namespace {

TEST(AcceptEncoding, SaysWhetherGzipIsWelcome) {
    for (const char* header : {"gzip", "GZIP", "x-gzip", "*", "deflate, gzip;q=1.0, *;q=0.5", "br , gzip ; q=0.001",
                               "gzip;q=0.5, identity;q=0.5", "gzip, deflate, br, zstd", "*;q=0, gzip", "gzip;Q=1"})
        EXPECT_TRUE(accepts_gzip(header)) << header;
    for (const char* header : {"", "identity", "br", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *",
                               "identity, *;q=0", "identity, gzip;q=0.5", "gzip;q=2", "gzip;q=1.001", "gzip;q=x",
                               "gzip;q=", "gzip;q=0.1234", "gzipped", "*;q=0.0, identity;q=1"})
        EXPECT_FALSE(accepts_gzip(header)) << header;
}

std::string unpacked(const std::string& packed, std::size_t bytes) {
    z_stream stream{};
    EXPECT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
    std::string text(bytes + 1, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    EXPECT_EQ(::inflate(&stream, Z_FINISH), Z_STREAM_END);
    text.resize(stream.total_out);
    ::inflateEnd(&stream);
    return text;
}

TEST(Gzip, IsUnpackedToTheSameText) {
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919 % 1009) + ",";
    EXPECT_LT(gzip(text).size(), text.size() / 2);
    EXPECT_EQ(unpacked(gzip(text), text.size()), text);
    EXPECT_EQ(unpacked(gzip(""), 0), "");
}

}  // namespace
}  // namespace emeth::http
