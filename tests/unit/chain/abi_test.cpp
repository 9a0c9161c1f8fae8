#include "chain/encoding/abi.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bytes.hpp"

namespace emeth::chain {
namespace {

using abi::Bytes;
using test::bytes;
using test::fixed;
using testing::HasSubstr;

/// A word with `number` at its end.
std::string word(std::string_view number) {
    return std::string(64 - number.size(), '0') + std::string(number);
}

const std::string hello = "68656c6c6f" + std::string(54, '0');  // "hello", padded

TEST(AbiEncode, PutsDynamicValuesBehindTheHeads) {
    const Bytes call = abi::Encoder("f(uint256,string,address)")
                           .number(7)
                           .text("hello")
                           .address(fixed<Address>("0x1111111111111111111111111111111111111111"))
                           .finish();
    const Bytes arguments(call.begin() + 4, call.end());
    EXPECT_EQ(to_hex(arguments),
              "0x" + word("7") + word("60") + word("1111111111111111111111111111111111111111") + word("5") + hello);
}

TEST(AbiEncode, LeavesOutPaddingOfWholeWordsAndOfEmptyTexts) {
    EXPECT_EQ(abi::Encoder().text("").finish().size(), 64u);
    EXPECT_EQ(abi::Encoder().text(std::string(32, 'x')).finish().size(), 96u);
    EXPECT_EQ(abi::Encoder().text(std::string(33, 'x')).finish().size(), 128u);
}

TEST(AbiEncode, KnowsTheSelectorOfTransfer) {
    EXPECT_EQ(to_hex(abi::selector("transfer(address,uint256)")), "0xa9059cbb");
    EXPECT_EQ(abi::event_topic("Transfer(address,address,uint256)").hex(),
              "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
}

TEST(AbiDecode, ReadsBackEveryType) {
    const JobId id = fixed<JobId>("0x000102030405060708090a0b0c0d0e0f");
    const Address address = fixed<Address>("0x00112233445566778899aabbccddeeff00112233");
    const Bytes data = abi::Encoder().number(UINT64_MAX).job_id(id).text("a").address(address).text("").finish();
    abi::Decoder in(data, "f");
    EXPECT_EQ(in.number("a"), UINT64_MAX);
    EXPECT_EQ(in.job_id("b"), id);
    EXPECT_EQ(in.text("c"), "a");
    EXPECT_EQ(in.address("d"), address);
    EXPECT_EQ(in.text("e"), "");
    EXPECT_TRUE(in.check());
}

TEST(AbiDecode, ReadsTimesBeyondTheYear9999AsItsEnd) {
    const std::string data = word("ffffffffffffffff") + word("1" + std::string(63, '0')) + word("5f5e100");
    const Bytes words = bytes(data);
    abi::Decoder in(words, "f");
    EXPECT_EQ(in.time("a"), abi::latest_unix_s);
    EXPECT_EQ(in.time("b"), abi::latest_unix_s);
    EXPECT_EQ(in.time("c"), 100'000'000);
    EXPECT_TRUE(in.check());
}

struct Malformed {
    const char* name;
    std::string hex;
    void (*read)(abi::Decoder&);
    const char* reason;
};

class AbiMalformed : public testing::TestWithParam<Malformed> {};

TEST_P(AbiMalformed, IsRefused) {
    const Bytes data = bytes(GetParam().hex);
    abi::Decoder in(data, "jobs(0x1)");
    GetParam().read(in);
    ASSERT_FALSE(in.check());
    EXPECT_THAT(in.check().error().message, testing::StartsWith("jobs(0x1) answered wrong data: field "));
    EXPECT_THAT(in.check().error().message, HasSubstr(GetParam().reason));
}

void read_text(abi::Decoder& in) {
    EXPECT_EQ(in.text("field"), "");
}
void read_number(abi::Decoder& in) {
    in.number("field");
}

INSTANTIATE_TEST_SUITE_P(
    Table, AbiMalformed,
    testing::Values(
        Malformed{"NoData", "", read_number, "is missing: the answer has 0 bytes"},
        Malformed{"HalfAWord", std::string(62, '0'), read_number, "is missing"},
        Malformed{"NumberTooLarge", word("10000000000000000"), read_number, "does not fit 64 bits"},
        Malformed{"AddressWithDirt", word("1" + std::string(40, '0')), [](abi::Decoder& in) { in.address("field"); },
                  "is no address"},
        Malformed{"JobIdWithDirt", word("1"), [](abi::Decoder& in) { in.job_id("field"); }, "is no bytes16"},
        Malformed{"BooleanTwo", word("2"), [](abi::Decoder& in) { in.boolean("field"); }, "neither true nor false"},
        Malformed{"BooleanWithDirt", word("101"), [](abi::Decoder& in) { in.boolean("field"); }, "neither"},
        Malformed{"OffsetBeyondTheEnd", word("40") + word("0"), read_text, "begins at byte 64 of 64"},
        Malformed{"OffsetHuge", word("ffffffffffffffe0") + word("0"), read_text, "begins at byte"},
        Malformed{"OffsetWider", word("1" + std::string(20, '0')), read_text, "does not fit 64 bits"},
        Malformed{"OffsetUnaligned", word("21") + word("0") + word("0"), read_text, "begins at byte 33"},
        Malformed{"LengthBeyondTheEnd", word("20") + word("6") + "68656c6c6f", read_text, "is cut off"},
        Malformed{"PaddingCutOff", word("20") + word("5") + "68656c6c6f", read_text, "is cut off"},
        Malformed{"PaddingDirty", word("20") + word("5") + "68656c6c6f" + std::string(53, '0') + "1", read_text,
                  "padding"},
        Malformed{"LengthOverTheBound", word("20") + word("10001") + std::string(200, '0'), read_text,
                  "65537 bytes long; at most 65536"},
        Malformed{"LengthHuge", word("20") + word("ffffffffffffffff"), read_text, "bytes long"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(AbiDecode, KeepsTheFirstErrorAndReturnsNothingAfterIt) {
    const Bytes data = bytes(word("2") + word("7"));
    abi::Decoder in(data, "f");
    in.boolean("first");
    EXPECT_EQ(in.number("second"), 0u);
    EXPECT_THAT(in.check().error().message, HasSubstr("first"));
}

TEST(AbiDecode, TakesTextsOfTheLargestSize) {
    const Bytes data = abi::Encoder().text(std::string(abi::text_bytes_max, 'x')).finish();
    abi::Decoder in(data, "f");
    EXPECT_EQ(in.text("field").size(), abi::text_bytes_max);
    EXPECT_TRUE(in.check());
}

}  // namespace
}  // namespace emeth::chain
