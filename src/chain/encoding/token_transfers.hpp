// What a transaction did to EMT balances, by the Transfer events (ERC-20) of its receipt.
#pragma once

#include "chain/chain.hpp"
#include "statemachine/types.hpp"

namespace emeth::chain {

/// EMT minted for `account`, wei. Zero also where the token tells of no minting by events, as the published one does.
Wei minted_to(const Receipt& receipt, const Address& account);

}  // namespace emeth::chain
