#include "node/money/withdrawal_schedule.hpp"

#include <fmt/format.h>

#include "chain/chain.hpp"
#include "crypto/keccak256.hpp"

namespace emeth::node {

std::int64_t withdrawal_delay_s(const Address& wallet, std::uint64_t day) {
    const Hash256 hash = crypto::keccak256(fmt::format("{} withdraws on day {}", wallet.hex(), day));
    constexpr std::int64_t choices = withdrawal_delay_max_s - withdrawal_delay_min_s + 1;
    std::int64_t remainder = 0;
    for (const std::uint8_t byte : hash.bytes) remainder = (remainder * 256 + byte) % choices;
    return withdrawal_delay_min_s + remainder;
}

std::int64_t next_round_unix_s(const Address& wallet, std::int64_t read_at_unix_s) {
    const auto first_round = [&](std::int64_t day) {
        return day * chain::slot_seconds + withdrawal_delay_s(wallet, static_cast<std::uint64_t>(day));
    };
    const std::int64_t today = read_at_unix_s / chain::slot_seconds;
    const std::int64_t withdrawal = first_round(today);
    if (read_at_unix_s < withdrawal) return withdrawal;
    if (read_at_unix_s < withdrawal + settled_after_s) return withdrawal + settled_after_s;
    return first_round(today + 1);
}

}  // namespace emeth::node
