// The creation bytecode of our two contracts, compiled at build time: what a devnet deploys.
#pragma once

#include <string_view>

namespace emeth::contracts {

/// 0x-prefixed hex, for the data of a creation transaction; append the ABI-encoded
/// constructor argument, the address of EMT.
std::string_view emeth_core_creation_hex();
/// 0x-prefixed hex; the constructor takes no argument. Once EmethCore is deployed, call setMinter(core) on it.
std::string_view emeth_token_creation_hex();

}  // namespace emeth::contracts
