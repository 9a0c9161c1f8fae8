// JSON-RPC answers: any text is refused or is a result or failure; numbers, blocks, logs and receipts in it that are
// accepted are the same after they were written again.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "chain/rpc/rpc_answer.hpp"
#include "chain/rpc/rpc_json.hpp"
#include "fuzz/property.hpp"
#include "runtime/json_fields.hpp"
#include "statemachine/types.hpp"

namespace {

using namespace emeth;
using namespace emeth::chain;
using emeth::fuzz::require;
namespace json = boost::json;

json::object log_json(const Log& log) {
    json::array topics;
    for (const Hash256& topic : log.topics) topics.emplace_back(topic.hex());
    return {{"address", log.address.hex()},
            {"topics", std::move(topics)},
            {"data", to_hex(log.data)},
            {"blockNumber", rpc::quantity(log.block)},
            {"blockHash", log.block_hash.hex()},
            {"transactionHash", log.transaction.hex()},
            {"logIndex", rpc::quantity(log.index)},
            {"removed", false}};
}

json::array logs_json(const std::vector<Log>& logs) {
    json::array entries;
    for (const Log& log : logs) entries.emplace_back(log_json(log));
    return entries;
}

bool same(const std::vector<Log>& a, const std::vector<Log>& b) {
    return logs_json(a) == logs_json(b);
}

void check_logs(const json::value& value) {
    const auto logs = rpc::read_logs(value, "eth_getLogs");
    if (logs.has_error()) return;
    const auto again = rpc::read_logs(logs_json(*logs), "eth_getLogs");
    require(again.has_value() && same(*again, *logs), "logs are the same after they were written again");
}

void check_receipt(const json::value& value) {
    const auto answer = rpc::read_receipt(value, "eth_getTransactionReceipt");
    if (answer.has_error() || !*answer) return;
    const Receipt& receipt = (**answer).receipt;
    json::object object{{"transactionHash", receipt.transaction.hex()},
                        {"blockNumber", rpc::quantity(receipt.block)},
                        {"blockHash", receipt.block_hash.hex()},
                        {"gasUsed", rpc::quantity(receipt.gas_used)},
                        {"logs", logs_json(receipt.logs)},
                        {"status", receipt.succeeded ? "0x1" : "0x0"}};
    if ((**answer).has_gas_price) object["effectiveGasPrice"] = receipt.gas_price.hex();
    const auto again = rpc::read_receipt(object, "eth_getTransactionReceipt");
    require(again.has_value() && again->has_value(), "a receipt written again is one");
    const Receipt& second = (**again).receipt;
    require(second.transaction == receipt.transaction && second.block == receipt.block &&
                second.block_hash == receipt.block_hash && second.gas_used == receipt.gas_used &&
                second.gas_price == receipt.gas_price && second.succeeded == receipt.succeeded &&
                same(second.logs, receipt.logs) && (**again).has_gas_price == (**answer).has_gas_price,
            "a receipt is the same after it was written again");
}

void check_block(const json::value& value) {
    const auto header = rpc::read_block(value, "eth_getBlockByNumber");
    if (header.has_error() || !*header) return;
    const Block& block = (**header).block;
    json::object object{
        {"number", rpc::quantity(block.number)},
        {"hash", block.hash.hex()},
        {"timestamp", rpc::quantity(static_cast<std::uint64_t>(block.timestamp_unix_s))},
    };
    if ((**header).base_fee) object["baseFeePerGas"] = (**header).base_fee->hex();
    const auto again = rpc::read_block(object, "eth_getBlockByNumber");
    require(again.has_value() && again->has_value() && (**again).block.number == block.number &&
                (**again).block.hash == block.hash && (**again).block.timestamp_unix_s == block.timestamp_unix_s &&
                (**again).base_fee == (**header).base_fee,
            "a block is the same after it was written again");
}

void check_values(const json::value& value) {
    if (const auto number = rpc::read_quantity(value, "eth_blockNumber"))
        require(rpc::parse_quantity(rpc::quantity(*number)) == *number, "a quantity is the same when written again");
    if (const auto amount = rpc::read_quantity_256(value, "eth_getBalance"))
        require(rpc::parse_quantity_256(amount->hex()) == *amount, "an amount is the same when written again");
    if (const auto bytes = rpc::read_bytes(value, "eth_call"))
        require(rpc::parse_bytes(to_hex(*bytes), rpc::data_bytes_max) == *bytes, "bytes are the same, written again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body = emeth::fuzz::text_of(data, size);
    (void)rpc::is_html(body);
    const auto answer = rpc::parse_answer(body, 1, "eth_call of http://h");
    if (answer.has_error()) {
        require(answer.error().kind == ErrorKind::transient, "a strange answer may be better the next time");
        return 0;
    }
    if (answer->failure) {
        (void)answer->failure->already_known();
        require(!rpc::to_error("eth_call", *answer->failure).message.empty(), "a failure has a sentence");
        require(!answer->failure->reason().empty(), "a revert has a reason");
        return 0;
    }
    check_values(answer->result);
    check_block(answer->result);
    check_logs(answer->result);
    check_receipt(answer->result);
    return 0;
}
