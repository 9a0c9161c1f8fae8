// Values of Ethereum's JSON-RPC: hex quantities, byte strings, blocks, logs and receipts. Pure. An endpoint may answer
// anything, so every value is checked and bounded; errors are transient, since the next answer may be well-formed.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/chain.hpp"
#include "runtime/result.hpp"

namespace emeth::chain::rpc {

/// For the answer to an eth_call, or for a log.
inline constexpr std::size_t data_bytes_max = 1 << 20;
inline constexpr std::size_t logs_max = 100'000;

/// "0x1f", without leading zeros.
std::string quantity(std::uint64_t value);

/// "0x" followed by 1 to 16 (64) hex digits. None for anything else.
std::optional<std::uint64_t> parse_quantity(std::string_view text);
std::optional<Wei> parse_quantity_256(std::string_view text);
/// "0x" followed by pairs of hex digits, at most `bytes_max` bytes of them.
std::optional<Bytes> parse_bytes(std::string_view text, std::size_t bytes_max);

Result<std::uint64_t> read_quantity(const boost::json::value& value, std::string_view what);
Result<Wei> read_quantity_256(const boost::json::value& value, std::string_view what);
Result<Bytes> read_bytes(const boost::json::value& value, std::string_view what);

/// A block, and its base fee if the chain has one (EIP-1559).
struct BlockHeader {
    Block block;
    std::optional<Wei> base_fee;
};
/// None for null: there is no such block.
Result<std::optional<BlockHeader>> read_block(const boost::json::value& value, std::string_view what);

/// Logs that a reorganisation removed are left out.
Result<std::vector<Log>> read_logs(const boost::json::value& value, std::string_view what);

struct ReceiptAnswer {
    Receipt receipt;
    bool has_gas_price = false;  ///< endpoints older than EIP-1559 omit it, some answer null
};
/// None for null, and while the transaction is not in a block.
Result<std::optional<ReceiptAnswer>> read_receipt(const boost::json::value& value, std::string_view what);

}  // namespace emeth::chain::rpc
