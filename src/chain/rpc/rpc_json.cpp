#include "chain/rpc/rpc_json.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chain/encoding/abi.hpp"
#include "runtime/json_fields.hpp"

namespace emeth::chain::rpc {
namespace {

constexpr std::size_t topics_max = 4;
constexpr std::size_t quantity_text_max = 2 + 64;

Error transient(const Error& error) {
    return transient_error(error.message);
}

/// Names a text that does not have the expected form, shortened, because it comes from outside.
Error malformed(std::string_view what, std::string_view expected, const boost::json::value& value) {
    constexpr std::size_t shown_max = 100;
    const boost::json::string* text = value.if_string();
    const std::string shown = text ? std::string(std::string_view(*text).substr(0, shown_max)) : "no string";
    return transient_error(fmt::format("{} answered '{}'; expected {}", what, shown, expected));
}

std::optional<std::string_view> text_of(const boost::json::value& value) {
    const boost::json::string* text = value.if_string();
    if (text == nullptr) return std::nullopt;
    return std::string_view(*text);
}

std::uint64_t quantity_field(JsonObject& object, std::string_view key) {
    const std::optional<std::uint64_t> number = parse_quantity(object.string(key, quantity_text_max));
    if (!number) object.reject(key, "a hex number of at most 64 bits");
    return number.value_or(0);
}

std::optional<Wei> optional_quantity_256_field(JsonObject& object, std::string_view key) {
    if (!object.has(key)) return std::nullopt;
    const std::optional<Wei> number = parse_quantity_256(object.string(key, quantity_text_max));
    if (!number) object.reject(key, "a hex number of at most 256 bits");
    return number;
}

Bytes bytes_field(JsonObject& object, std::string_view key) {
    std::optional<Bytes> bytes = parse_bytes(object.string(key, 2 + 2 * data_bytes_max), data_bytes_max);
    if (!bytes) object.reject(key, "hex bytes");
    return std::move(bytes).value_or(Bytes{});
}

std::vector<Hash256> topics_field(JsonObject& object) {
    std::vector<Hash256> topics;
    for (const boost::json::value& value : object.array("topics", topics_max)) {
        const std::optional<std::string_view> text = text_of(value);
        const std::optional<Hash256> topic = text ? Hash256::parse(*text) : std::nullopt;
        if (!topic) object.reject("topics", "hashes");
        topics.push_back(topic.value_or(Hash256{}));
    }
    return topics;
}

/// None if a reorganisation removed it.
std::optional<Log> log_of(JsonObject& object) {
    if (object.optional_boolean("removed").value_or(false)) return std::nullopt;
    Log log;
    log.address = object.fixed<Address>("address");
    log.topics = topics_field(object);
    log.data = bytes_field(object, "data");
    log.block = quantity_field(object, "blockNumber");
    log.block_hash = object.fixed<Hash256>("blockHash");
    log.transaction = object.fixed<Hash256>("transactionHash");
    const std::uint64_t index = quantity_field(object, "logIndex");
    if (index > UINT32_MAX) object.reject("logIndex", "at most 32 bits");
    log.index = static_cast<std::uint32_t>(index);
    return log;
}

}  // namespace

std::string quantity(std::uint64_t value) {
    return fmt::format("0x{:x}", value);
}

std::optional<Wei> parse_quantity_256(std::string_view text) {
    if (!text.starts_with("0x")) return std::nullopt;
    const std::string_view digits = text.substr(2);
    if (digits.empty() || digits.size() > 2 * Wei::size_bytes) return std::nullopt;
    return Wei::parse(std::string(2 * Wei::size_bytes - digits.size(), '0') + std::string(digits));
}

std::optional<std::uint64_t> parse_quantity(std::string_view text) {
    const std::optional<Wei> word = parse_quantity_256(text);
    if (!word) return std::nullopt;
    const std::span<const std::uint8_t> low = std::span(word->bytes).last<sizeof(std::uint64_t)>();
    const bool fits = std::all_of(word->bytes.begin(), word->bytes.end() - sizeof(std::uint64_t),
                                  [](std::uint8_t byte) { return byte == 0; });
    if (!fits) return std::nullopt;
    std::uint64_t value = 0;
    for (const std::uint8_t byte : low) value = value << 8 | byte;
    return value;
}

std::optional<Bytes> parse_bytes(std::string_view text, std::size_t bytes_max) {
    if (!text.starts_with("0x") || text.size() > 2 + 2 * bytes_max) return std::nullopt;
    Bytes bytes((text.size() - 2) / 2);
    if (!from_hex(text, bytes)) return std::nullopt;
    return bytes;
}

Result<std::uint64_t> read_quantity(const boost::json::value& value, std::string_view what) {
    const std::optional<std::string_view> text = text_of(value);
    const std::optional<std::uint64_t> number = text ? parse_quantity(*text) : std::nullopt;
    if (!number) return malformed(what, "a hex number of at most 64 bits", value);
    return *number;
}

Result<Wei> read_quantity_256(const boost::json::value& value, std::string_view what) {
    const std::optional<std::string_view> text = text_of(value);
    const std::optional<Wei> number = text ? parse_quantity_256(*text) : std::nullopt;
    if (!number) return malformed(what, "a hex number of at most 256 bits", value);
    return *number;
}

Result<Bytes> read_bytes(const boost::json::value& value, std::string_view what) {
    const std::optional<std::string_view> text = text_of(value);
    std::optional<Bytes> bytes = text ? parse_bytes(*text, data_bytes_max) : std::nullopt;
    if (!bytes) return malformed(what, "hex bytes", value);
    return std::move(*bytes);
}

Result<std::optional<BlockHeader>> read_block(const boost::json::value& value, std::string_view what) {
    if (value.is_null()) return std::optional<BlockHeader>();
    JsonObject object(value, what);
    BlockHeader header;
    header.block.number = quantity_field(object, "number");
    header.block.hash = object.fixed<Hash256>("hash");
    const std::uint64_t timestamp = quantity_field(object, "timestamp");
    if (timestamp > static_cast<std::uint64_t>(abi::latest_unix_s)) object.reject("timestamp", "unix seconds");
    header.block.timestamp_unix_s = static_cast<std::int64_t>(timestamp);
    header.base_fee = optional_quantity_256_field(object, "baseFeePerGas");
    if (const Result<void> check = object.check(); check.has_error()) return transient(check.error());
    return std::optional(header);
}

Result<std::vector<Log>> read_logs(const boost::json::value& value, std::string_view what) {
    const Result<std::span<const boost::json::value>> entries = json_array(value, logs_max, what);
    if (entries.has_error()) return transient(entries.error());
    std::vector<Log> logs;
    logs.reserve(entries->size());
    for (const boost::json::value& entry : *entries) {
        JsonObject object(entry, what);
        std::optional<Log> log = log_of(object);
        if (const Result<void> check = object.check(); check.has_error()) return transient(check.error());
        if (log) logs.push_back(std::move(*log));
    }
    return logs;
}

Result<std::optional<ReceiptAnswer>> read_receipt(const boost::json::value& value, std::string_view what) {
    if (value.is_null()) return std::optional<ReceiptAnswer>();
    JsonObject object(value, what);
    if (value.is_object() && !object.has("blockNumber")) return std::optional<ReceiptAnswer>();
    ReceiptAnswer answer;
    Receipt& receipt = answer.receipt;
    receipt.transaction = object.fixed<Hash256>("transactionHash");
    receipt.block = quantity_field(object, "blockNumber");
    receipt.block_hash = object.fixed<Hash256>("blockHash");
    receipt.gas_used = quantity_field(object, "gasUsed");
    const std::optional<Wei> price = optional_quantity_256_field(object, "effectiveGasPrice");
    answer.has_gas_price = price.has_value();
    receipt.gas_price = price.value_or(Wei{});
    for (JsonObject& entry : object.objects("logs", logs_max)) {
        if (std::optional<Log> log = log_of(entry)) receipt.logs.push_back(std::move(*log));
    }
    // Without a status (EIP-658) the logs tell: each call that emeth sends logs something when it succeeds, and what is
    // reverted keeps none.
    receipt.succeeded = object.has("status") ? quantity_field(object, "status") == 1 : !receipt.logs.empty();
    if (const Result<void> check = object.check(); check.has_error()) return transient(check.error());
    return std::optional(std::move(answer));
}

}  // namespace emeth::chain::rpc
