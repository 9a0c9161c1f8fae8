#include "chain/rpc/rpc_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "bytes.hpp"
#include "chain/amount.hpp"

namespace emeth::chain::rpc {
namespace {

using boost::json::parse;
using boost::json::value;
using test::numbered;
using testing::HasSubstr;

const std::string hash_1 = numbered<Hash256>(1).hex();
const std::string hash_2 = numbered<Hash256>(2).hex();
const std::string address_3 = numbered<Address>(3).hex();

std::string log_json(const std::string& more = "") {
    return R"({"address":")" + address_3 + R"(","topics":[")" + hash_1 +
           R"("],"data":"0x0102","blockNumber":"0x11","blockHash":")" + hash_2 + R"(","transactionHash":")" + hash_1 +
           R"(","logIndex":"0x0")" + more + "}";
}

std::string receipt_json(const std::string& status, const std::string& more = "") {
    return R"({"transactionHash":")" + hash_1 + R"(","blockNumber":"0x11","blockHash":")" + hash_2 + R"(","status":")" +
           status + R"(","gasUsed":"0x5208","to":null,"logs":[)" + log_json() + "]" + more + "}";
}

TEST(Quantity, IsWrittenWithoutLeadingZeros) {
    EXPECT_EQ(quantity(0), "0x0");
    EXPECT_EQ(quantity(1024), "0x400");
}

TEST(Quantity, IsReadWithinItsBounds) {
    EXPECT_EQ(parse_quantity("0x0"), 0u);
    EXPECT_EQ(parse_quantity("0x00ff"), 255u);
    EXPECT_EQ(parse_quantity("0xffffffffffffffff"), UINT64_MAX);
    EXPECT_EQ(parse_quantity_256("0x1" + std::string(16, '0'))->bytes[23], 1);
    for (const std::string& text :
         {std::string(), std::string("0x"), std::string("1"), std::string("0x10000000000000000"), std::string("0xg"),
          std::string("0x 1"), std::string("-0x1"), "0x" + std::string(65, '0')}) {
        EXPECT_FALSE(parse_quantity(text)) << text;
    }
    EXPECT_FALSE(parse_quantity_256("0x1" + std::string(64, '0')));
}

TEST(ByteString, IsReadWithinItsBounds) {
    EXPECT_EQ(parse_bytes("0x", 4), Bytes{});
    EXPECT_EQ(parse_bytes("0x0aFF", 2), (Bytes{0x0a, 0xff}));
    for (const char* text : {"", "0aff", "0x0", "0x0g", "0x0aff00"}) EXPECT_FALSE(parse_bytes(text, 2)) << text;
}

TEST(Answers, OfOtherTypesAreTransientErrors) {
    for (const char* json : {"null", "1", "{}", "[]", "\"\"", "\"0xzz\"", "true"}) {
        const Result<std::uint64_t> number = read_quantity(parse(json), "eth_chainId");
        ASSERT_FALSE(number) << json;
        EXPECT_EQ(number.error().kind, ErrorKind::transient);
        EXPECT_THAT(number.error().message, HasSubstr("eth_chainId"));
        EXPECT_FALSE(read_quantity_256(parse(json), "x")) << json;
        EXPECT_FALSE(read_bytes(parse(json), "x")) << json;
    }
    EXPECT_LT(read_bytes(value(std::string(100'000, 'x')), "x").error().message.size(), 300u);
}

TEST(Blocks, AreReadWithAndWithoutABaseFee) {
    const std::string legacy = R"({"number":"0x10","hash":")" + hash_1 + R"(","timestamp":"0x6553f100")";
    const auto header = read_block(parse(legacy + "}"), "block");
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ((*header)->block.number, 16u);
    EXPECT_EQ((*header)->block.hash, numbered<Hash256>(1));
    EXPECT_EQ((*header)->block.timestamp_unix_s, 1'700'000'000);
    EXPECT_FALSE((*header)->base_fee);
    const auto london = read_block(parse(legacy + R"(,"baseFeePerGas":"0x7"})"), "block");
    EXPECT_EQ((*london)->base_fee, to_wei(std::uint64_t{7}));
    EXPECT_FALSE(*read_block(value(), "block"));
}

TEST(Blocks, OfWrongFormAreRefused) {
    for (const char* json : {"[]", "1", "{}", R"({"number":"0x1"})"})
        EXPECT_FALSE(read_block(parse(json), "block")) << json;
    const std::string late = R"({"number":"0x10","hash":")" + hash_1 + R"(","timestamp":"0xffffffffffffffff"})";
    EXPECT_THAT(read_block(parse(late), "block").error().message, HasSubstr("timestamp"));
}

TEST(Logs, AreReadWithoutTheRemovedOnes) {
    const std::string json =
        "[" + log_json() + "," + log_json(R"(,"removed":true)") + "," + log_json(R"(,"removed":false)") + "]";
    const Result<std::vector<Log>> logs = read_logs(parse(json), "eth_getLogs");
    ASSERT_TRUE(logs) << logs.error().message;
    ASSERT_EQ(logs->size(), 2u);
    const Log& log = logs->front();
    EXPECT_EQ(log.address, numbered<Address>(3));
    EXPECT_EQ(log.topics, std::vector{numbered<Hash256>(1)});
    EXPECT_EQ(log.data, (Bytes{1, 2}));
    EXPECT_EQ(log.block, 17u);
    EXPECT_EQ(log.block_hash, numbered<Hash256>(2));
    EXPECT_EQ(log.transaction, numbered<Hash256>(1));
}

TEST(Logs, OfWrongFormAreRefused) {
    EXPECT_FALSE(read_logs(parse("{}"), "logs"));
    EXPECT_FALSE(read_logs(parse("[1]"), "logs"));
    EXPECT_FALSE(read_logs(parse("[{}]"), "logs"));
    std::string five_topics = log_json();
    five_topics.replace(five_topics.find("[\"") + 1, 0,
                        "\"" + hash_1 + "\",\"" + hash_1 + "\",\"" + hash_1 + "\",\"" + hash_1 + "\",");
    EXPECT_FALSE(read_logs(parse("[" + five_topics + "]"), "logs"));
    std::string short_topic = log_json();
    short_topic.replace(short_topic.find("[\"") + 2, 66, "0x12");
    EXPECT_FALSE(read_logs(parse("[" + short_topic + "]"), "logs"));
}

TEST(Receipts, AreReadWithTheirLogs) {
    const auto found = read_receipt(parse(receipt_json("0x1", R"(,"effectiveGasPrice":"0x3b9aca00")")), "receipt");
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_TRUE(*found);
    const Receipt& receipt = (*found)->receipt;
    EXPECT_TRUE(receipt.succeeded);
    EXPECT_EQ(receipt.block, 17u);
    EXPECT_EQ(receipt.gas_used, 21'000u);
    EXPECT_TRUE((*found)->has_gas_price);
    EXPECT_EQ(format_wei(receipt.gas_price), "1000000000");
    EXPECT_EQ(receipt.logs.size(), 1u);
}

TEST(Receipts, WithoutStatusSucceededIfTheyHaveLogs) {
    std::string with_logs = receipt_json("0x0");
    with_logs.replace(with_logs.find(R"("status":"0x0",)"), std::string_view(R"("status":"0x0",)").size(), "");
    EXPECT_TRUE((*read_receipt(parse(with_logs), "receipt"))->receipt.succeeded);
    std::string without_logs = with_logs;
    const std::size_t logs = without_logs.find(R"("logs":[)") + std::string_view(R"("logs":[)").size();
    without_logs.erase(logs, without_logs.rfind(']') - logs);
    EXPECT_FALSE((*read_receipt(parse(without_logs), "receipt"))->receipt.succeeded);
    EXPECT_FALSE((*read_receipt(parse(receipt_json("0x1", R"(,"effectiveGasPrice":null)")), "receipt"))->has_gas_price);
}

TEST(Receipts, OfFailedPendingAndOldTransactions) {
    EXPECT_FALSE((*read_receipt(parse(receipt_json("0x0")), "receipt"))->receipt.succeeded);
    EXPECT_FALSE((*read_receipt(parse(receipt_json("0x1")), "receipt"))->has_gas_price);
    EXPECT_FALSE(*read_receipt(value(), "receipt"));
    EXPECT_FALSE(*read_receipt(parse(R"({"transactionHash":")" + hash_1 + R"(","blockNumber":null})"), "receipt"));
    EXPECT_FALSE(read_receipt(parse("[]"), "receipt"));
    EXPECT_FALSE(read_receipt(parse(R"({"blockNumber":"0x1"})"), "receipt"));
}

}  // namespace
}  // namespace emeth::chain::rpc
