// Recursive Length Prefix, the encoding of transactions (Ethereum Yellow Paper, appendix B). Pure. Decoding accepts
// only the canonical form, and bounds depth and item count before it allocates.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/types.hpp"

namespace emeth::chain::rlp {

using Bytes = std::vector<std::uint8_t>;

Bytes encode_bytes(std::span<const std::uint8_t> bytes);
/// A number as its big-endian bytes without leading zeros; zero is the empty string.
Bytes encode_number(std::uint64_t value);
Bytes encode_number(std::span<const std::uint8_t> big_endian);
/// `items` must already be encoded.
Bytes encode_list(const std::vector<Bytes>& items);

struct Item {
    bool is_list = false;
    Bytes bytes;              ///< if it is not a list
    std::vector<Item> items;  ///< if it is one
};

struct Limits {
    std::size_t bytes_max = 256 * 1024;
    std::size_t depth_max = 8;     ///< nested lists
    std::size_t items_max = 1024;  ///< of the whole text
};

/// One item that fills `encoded` exactly. A permanent Error names the offset and the rule that was broken.
Result<Item> decode(std::span<const std::uint8_t> encoded, const Limits& limits = {});

/// A number in canonical form that fits. The Error gives `what` and the reason.
Result<std::uint64_t> number(const Item& item, const char* what);
Result<Wei> number_256(const Item& item, const char* what);

}  // namespace emeth::chain::rlp
