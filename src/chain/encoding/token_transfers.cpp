#include "chain/encoding/token_transfers.hpp"

#include "chain/amount.hpp"
#include "chain/encoding/abi.hpp"

namespace emeth::chain {

Wei minted_to(const Receipt& receipt, const Address& account) {
    const Hash256 transfer = abi::event_topic("Transfer(address,address,uint256)");
    const Hash256 nobody = abi::word_of(Address{});
    const Hash256 to = abi::word_of(account);
    U256 minted = 0;
    for (const auto& log : receipt.logs) {
        if (log.topics.size() != 3 || log.topics[0] != transfer || log.topics[1] != nobody || log.topics[2] != to)
            continue;
        minted += to_u256(abi::Decoder(log.data, "Transfer").amount("value"));
    }
    return to_wei(minted);
}

}  // namespace emeth::chain
