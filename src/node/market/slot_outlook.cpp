#include "node/market/slot_outlook.hpp"

#include <algorithm>

#include "chain/amount.hpp"

namespace emeth::node {
namespace {

using Product = boost::multiprecision::checked_cpp_int;

std::uint64_t slot_at(std::int64_t unix_s) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, unix_s) / chain::slot_seconds);
}

/// Of a whole day.
struct UsualGas {
    double total = 0, own = 0;
};

UsualGas usual_gas(const SlotsSeen& seen, double elapsed) {
    constexpr double hour = 3'600.0 / chain::slot_seconds;
    if (seen.closed.empty()) {
        const double part = std::max(elapsed, hour);
        return {static_cast<double>(seen.today.total_gas) / part, static_cast<double>(seen.today.own_gas) / part};
    }
    UsualGas sum;
    for (const chain::Slot& slot : seen.closed) {
        sum.total += static_cast<double>(slot.total_gas);
        sum.own += static_cast<double>(slot.own_gas);
    }
    const auto days = static_cast<double>(seen.closed.size());
    return {sum.total / days, sum.own / days};
}

}  // namespace

Wei reward_decrement() {
    return chain::to_wei(chain::U256(600 * 24) * 1'000'000'000'000'000'000ULL / 365);
}

Wei reward_after(const Wei& reward, std::uint64_t days) {
    const Product lost = Product(chain::to_u256(reward_decrement())) * days;
    const Product left = Product(chain::to_u256(reward)) - lost;
    return left > 0 ? chain::to_wei(chain::U256(left)) : Wei{};
}

std::optional<DayOfGas> expected_day(const SlotsSeen& seen, std::int64_t now_unix_s, std::int64_t verified_at_unix_s) {
    const std::uint64_t today = seen.today.number;
    const double elapsed = slot_at(now_unix_s) == today
                               ? static_cast<double>(now_unix_s % chain::slot_seconds) / chain::slot_seconds
                               : 1.0;
    const UsualGas usual = usual_gas(seen, elapsed);
    DayOfGas day;
    day.slot = std::max(today, slot_at(verified_at_unix_s));
    day.reward = reward_after(seen.today.reward, day.slot - today);
    const double part_left = day.slot == today ? 1 - elapsed : 1;
    day.total_gas = usual.total * part_left;
    day.own_gas = usual.own * part_left;
    if (day.slot == today) {
        day.total_gas += static_cast<double>(seen.today.total_gas);
        day.own_gas += static_cast<double>(seen.today.own_gas);
    }
    if (day.total_gas <= 0) return std::nullopt;
    return day;
}

Wei slot_share(const DayOfGas& day, std::uint64_t gas) {
    const auto more = static_cast<double>(gas);
    if (day.total_gas <= 0 || gas == 0) return {};
    const double own = std::min(day.own_gas, day.total_gas);
    // (own + gas) / (total + gas) − own / total, without the difference of two almost equal numbers.
    const double share = more / (day.total_gas + more) * (1 - own / day.total_gas);
    constexpr std::uint64_t parts = 1'000'000'000'000'000;  // 10^15: as fine as a double is
    const auto taken = static_cast<std::uint64_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(parts));
    return chain::to_wei(chain::U256(Product(chain::to_u256(day.reward)) * taken / parts));
}

}  // namespace emeth::node
