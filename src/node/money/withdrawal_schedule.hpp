// When a node looks for rewards to withdraw. Slots close for everybody at 0:00 UTC, and nodes that all withdrew in that
// very block would bid up the price of its gas against one another: each wallet has a moment of its own. Pure.
#pragma once

#include <cstdint>

#include "statemachine/types.hpp"

namespace emeth::node {

/// Endpoints of one provider may lag behind each other by up to this much: until then a closed slot that holds nothing
/// is read again.
inline constexpr std::int64_t settled_after_s = 3'600;

/// The last blocks of a day may still be reorganised, or missing at an endpoint that lags.
inline constexpr std::int64_t withdrawal_delay_min_s = 60;
inline constexpr std::int64_t withdrawal_delay_max_s = 600;

/// How long after 0:00 UTC of `day` (unix seconds / 86400) the wallet withdraws what the day before brought:
/// withdrawal_delay_min_s to withdrawal_delay_max_s, the same in every process and unlike that of other wallets.
std::int64_t withdrawal_delay_s(const Address& wallet, std::uint64_t day);

/// The chain time of the first round after one that read the chain as of `read_at_unix_s`, at most a day later. Each
/// day has two: the withdrawal itself, and a second look once the slot is settled.
std::int64_t next_round_unix_s(const Address& wallet, std::int64_t read_at_unix_s);

}  // namespace emeth::node
