// RLP: what decodes is canonical, so that encoding it again gives the same bytes.
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "chain/encoding/rlp.hpp"
#include "fuzz/property.hpp"

namespace {

namespace rlp = emeth::chain::rlp;

rlp::Bytes encode(const rlp::Item& item) {
    if (!item.is_list) return rlp::encode_bytes(item.bytes);
    std::vector<rlp::Bytes> items;
    for (const auto& inner : item.items) items.push_back(encode(inner));
    return rlp::encode_list(items);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span input(data, size);
    const auto item = rlp::decode(input);
    if (item.has_error()) return 0;
    const auto again = encode(*item);
    emeth::fuzz::require(std::ranges::equal(again, input), "what decodes is canonical");
    (void)rlp::number(*item, "number");
    (void)rlp::number_256(*item, "amount");
    return 0;
}
