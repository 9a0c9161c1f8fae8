// What an earlier start learnt about the contract, stored with the JOBs: a master that restarts while its endpoint is
// down continues with it, so that its workers can train in the meantime.
#pragma once

#include <string>
#include <string_view>

#include "chain/chain.hpp"
#include "runtime/result.hpp"

namespace emeth::node {

/// The store's cursor that holds it.
inline constexpr std::string_view known_network_cursor = "network";

std::string to_text(const chain::Constants& constants);
/// Permanent Error if `text` was not written by to_text().
Result<chain::Constants> read_constants(std::string_view text);

}  // namespace emeth::node
