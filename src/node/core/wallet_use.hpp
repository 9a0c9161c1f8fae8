// Whether somebody else uses the wallet. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "statemachine/types.hpp"

namespace emeth::node {

/// A warning if the chain counts transactions of `wallet` that this data folder has not signed: another node with the
/// same key takes its nonces and makes its deposits fail. `transaction_count`: as the chain says; `last_nonce`: the
/// highest that this folder has signed, if any.
std::optional<std::string> foreign_transactions(const Address& wallet, std::uint64_t transaction_count,
                                                std::optional<std::uint64_t> last_nonce);

}  // namespace emeth::node
