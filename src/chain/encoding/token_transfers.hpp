// What a transaction did to EMT balances, according to the Transfer events (ERC-20) in its receipt.
#pragma once

#include "chain/chain.hpp"
#include "statemachine/types.hpp"

namespace emeth::chain {

/// EMT minted for `account`, wei. Also zero if the token emits no event on minting, as is the
/// case for the published one.
Wei minted_to(const Receipt& receipt, const Address& account);

}  // namespace emeth::chain
