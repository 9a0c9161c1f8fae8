#include "chain/encoding/rlp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bytes.hpp"

namespace emeth::chain {
namespace {

using rlp::Bytes;
using test::bytes;
using testing::HasSubstr;

Bytes text(std::string_view value) {
    return {value.begin(), value.end()};
}

TEST(RlpEncode, FollowsTheExamplesOfTheYellowPaper) {
    EXPECT_EQ(rlp::encode_bytes(text("dog")), bytes("83646f67"));
    EXPECT_EQ(rlp::encode_bytes({}), bytes("80"));
    EXPECT_EQ(rlp::encode_bytes(bytes("00")), bytes("00"));
    EXPECT_EQ(rlp::encode_bytes(bytes("7f")), bytes("7f"));
    EXPECT_EQ(rlp::encode_bytes(bytes("80")), bytes("8180"));
    EXPECT_EQ(rlp::encode_list({}), bytes("c0"));
    EXPECT_EQ(rlp::encode_list({rlp::encode_bytes(text("cat")), rlp::encode_bytes(text("dog"))}),
              bytes("c88363617483646f67"));
}

TEST(RlpEncode, WritesNumbersWithoutLeadingZeros) {
    EXPECT_EQ(rlp::encode_number(0), bytes("80"));
    EXPECT_EQ(rlp::encode_number(15), bytes("0f"));
    EXPECT_EQ(rlp::encode_number(1024), bytes("820400"));
    EXPECT_EQ(rlp::encode_number(UINT64_MAX), bytes("88ffffffffffffffff"));
    EXPECT_EQ(rlp::encode_number(bytes("00000100")), bytes("820100"));
}

TEST(RlpEncode, ChangesFormBetween55And56Bytes) {
    EXPECT_EQ(rlp::encode_bytes(Bytes(55, 0xaa)).front(), 0x80 + 55);
    const Bytes longer = rlp::encode_bytes(Bytes(56, 0xaa));
    EXPECT_EQ(longer[0], 0xb8);
    EXPECT_EQ(longer[1], 56);
    EXPECT_EQ(rlp::encode_list(std::vector<Bytes>(56, bytes("01"))).front(), 0xf8);
    EXPECT_EQ(rlp::encode_bytes(Bytes(70'000, 1))[0], 0xba);
}

TEST(RlpDecode, ReadsBackWhatWasEncoded) {
    const Bytes inner = rlp::encode_list({rlp::encode_number(7), rlp::encode_bytes(Bytes(60, 0xee))});
    const Bytes encoded = rlp::encode_list({rlp::encode_bytes(text("cat")), inner, rlp::encode_list({})});
    const Result<rlp::Item> item = rlp::decode(encoded);
    ASSERT_TRUE(item) << item.error().message;
    ASSERT_EQ(item->items.size(), 3u);
    EXPECT_EQ(item->items[0].bytes, text("cat"));
    ASSERT_EQ(item->items[1].items.size(), 2u);
    EXPECT_EQ(*rlp::number(item->items[1].items[0], "x"), 7u);
    EXPECT_EQ(item->items[1].items[1].bytes, Bytes(60, 0xee));
    EXPECT_TRUE(item->items[2].is_list);
}

struct Malformed {
    const char* name;
    const char* hex;
    const char* rule;
};

class RlpMalformed : public testing::TestWithParam<Malformed> {};

TEST_P(RlpMalformed, IsRefusedWithItsRule) {
    const Result<rlp::Item> item = rlp::decode(bytes(GetParam().hex));
    ASSERT_FALSE(item);
    EXPECT_EQ(item.error().kind, ErrorKind::permanent);
    EXPECT_THAT(item.error().message, HasSubstr(GetParam().rule));
}

INSTANTIATE_TEST_SUITE_P(Table, RlpMalformed,
                         testing::Values(Malformed{"Empty", "", "missing"}, Malformed{"Trailing", "8080", "follow"},
                                         Malformed{"ShortString", "83646f", "does not fit"},
                                         Malformed{"ShortList", "c2 80", "does not fit"},
                                         Malformed{"NeedlessPrefix", "8101", "needless prefix"},
                                         Malformed{"LongFormOfShort", "b801ff", "form of a long one"},
                                         Malformed{"LongFormOfShortList", "f80180", "form of a long one"},
                                         Malformed{"LengthWithZero", "b90038ff", "begins with a zero"},
                                         Malformed{"LengthCutOff", "b9ff", "cut off"},
                                         Malformed{"HugeLength", "bfffffffffffffffff", "does not fit"},
                                         Malformed{"HugeList", "ffffffffffffffffff", "does not fit"},
                                         Malformed{"ItemLeavesItsList", "c1 83 646f67", "does not fit"}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(RlpDecode, BoundsDepthItemsAndBytes) {
    Bytes nested = rlp::encode_list({});
    for (int i = 0; i < 8; ++i) nested = rlp::encode_list({nested});
    EXPECT_THAT(rlp::decode(nested).error().message, HasSubstr("deeper than 8"));
    EXPECT_TRUE(rlp::decode(nested, {.depth_max = 9}));

    const Bytes many = rlp::encode_list(std::vector<Bytes>(1024, bytes("01")));
    EXPECT_THAT(rlp::decode(many).error().message, HasSubstr("more than 1024 items"));
    EXPECT_THAT(rlp::decode(many, {.bytes_max = 100}).error().message, HasSubstr("100 allowed"));
}

TEST(RlpNumber, RefusesListsLeadingZerosAndOverlongOnes) {
    EXPECT_THAT(rlp::number({.is_list = true, .bytes = {}, .items = {}}, "nonce").error().message,
                HasSubstr("nonce is a list"));
    const rlp::Item padded{false, bytes("0001"), {}};
    EXPECT_THAT(rlp::number(padded, "nonce").error().message, HasSubstr("leading zeros"));
    const rlp::Item nine{false, bytes("010000000000000000"), {}};
    EXPECT_THAT(rlp::number(nine, "nonce").error().message, HasSubstr("9 bytes"));
    EXPECT_TRUE(rlp::number_256(nine, "value"));
    const rlp::Item overlong{false, Bytes(33, 1), {}};
    EXPECT_FALSE(rlp::number_256(overlong, "value"));
}

}  // namespace
}  // namespace emeth::chain
