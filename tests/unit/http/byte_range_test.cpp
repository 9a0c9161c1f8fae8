#include "http/byte_range.hpp"

#include <gtest/gtest.h>

namespace emeth::http {
namespace {

constexpr std::uint64_t size = 1'000;

ByteRange part(std::string_view header) {
    const RangeRequest asked = parse_range(header, size);
    EXPECT_EQ(asked.answer, RangeAnswer::part) << header;
    return asked.range;
}

TEST(ByteRange, IsReadAsRfc9110WritesIt) {
    EXPECT_EQ(part("bytes=0-499"), (ByteRange{0, 500}));
    EXPECT_EQ(part("bytes=500-"), (ByteRange{500, 500}));
    EXPECT_EQ(part("bytes=-300"), (ByteRange{700, 300}));
    EXPECT_EQ(part("bytes=999-999"), (ByteRange{999, 1}));
    EXPECT_EQ(part("Bytes=0-0"), (ByteRange{0, 1})) << "units know no case";
    EXPECT_EQ(part("bytes= 0-0 "), (ByteRange{0, 1}));
}

TEST(ByteRange, EndsWithTheFile) {
    EXPECT_EQ(part("bytes=900-1000"), (ByteRange{900, 100}));
    EXPECT_EQ(part("bytes=900-99999999999999999999999"), (ByteRange{900, 100}));
    EXPECT_EQ(part("bytes=-1001"), (ByteRange{0, size}));
    EXPECT_EQ(part("bytes=-99999999999999999999999"), (ByteRange{0, size}));
}

TEST(ByteRange, ThatIsNotInTheFileCannotBeAnswered) {
    for (const char* header :
         {"bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=99999999999999999999999-99999999999999999999999"})
        EXPECT_EQ(parse_range(header, size).answer, RangeAnswer::unsatisfiable) << header;
    EXPECT_EQ(parse_range("bytes=0-", 0).answer, RangeAnswer::unsatisfiable);
}

TEST(ByteRange, AnythingElseIsTheWholeFile) {
    for (const char* header :
         {"", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,5-6", "bytes=0-1,", "items=0-1", "bytes=a-b",
          "bytes=0-1x", "bytes=+0-1", "bytes=0--1", "bytes=0 - 1", "=0-1", "0-1", "bytes =0-1=", "bytes=0x0-0x1"})
        EXPECT_EQ(parse_range(header, size).answer, RangeAnswer::whole) << header;
    EXPECT_EQ(parse_range("bytes=-5", 0).answer, RangeAnswer::whole) << "no Content-Range can say that";
}

TEST(ContentRange, IsWrittenAsItIsRead) {
    EXPECT_EQ(content_range({500, 500}, size), "bytes 500-999/1000");
    EXPECT_EQ(unsatisfied_content_range(size), "bytes */1000");
    const auto read = parse_content_range("bytes 500-999/1000");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->range, (ByteRange{500, 500}));
    EXPECT_EQ(read->file_bytes, size);
    EXPECT_EQ(parse_content_range("bytes 0-0/*").value().file_bytes, std::nullopt);
}

TEST(ContentRange, AnythingElseIsNone) {
    for (const char* header :
         {"", "bytes", "bytes */1000", "bytes 5-4/10", "bytes 0-10/10", "bytes 0-1", "bytes 0-1/", "items 0-1/2",
          "bytes=0-1/2", "bytes 0/1-2", "bytes -1/2", "bytes 0-99999999999999999999999/*", "bytes 0-1/2,3-4/5"})
        EXPECT_FALSE(parse_content_range(header)) << header;
}

}  // namespace
}  // namespace emeth::http
