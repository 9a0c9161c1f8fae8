#include "node/market/priority.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "chain/amount.hpp"

namespace emeth::node {
namespace {

bool by_fee(const Prospect& a, const Prospect& b) {
    return a.fee > b.fee;
}

/// Without a bound, since an amount times a time may exceed 256 bits.
using Product = boost::multiprecision::checked_cpp_int;

Product fee_for_time_of(const Prospect& paid, const Prospect& timed) {
    return Product(chain::to_u256(paid.fee)) * timed.worker_s;
}

/// a.fee / a.time > b.fee / b.time, exactly. A JOB whose time is not known comes last.
bool by_fee_per_hour(const Prospect& a, const Prospect& b) {
    const bool is_known = a.worker_s > 0, other_is_known = b.worker_s > 0;
    if (!is_known || !other_is_known) return is_known && !other_is_known;
    return fee_for_time_of(a, b) > fee_for_time_of(b, a);
}

/// Values within about 2% count as equal: what they are made of is not known any better, and nodes that tell them apart
/// all run for the same JOB.
std::int64_t step_of_value(const Wei& value) {
    constexpr double steps_per_e_fold = 50;
    if (value.is_zero()) return std::numeric_limits<std::int64_t>::min();
    return static_cast<std::int64_t>(std::floor(std::log(chain::approximate_coins(value)) * steps_per_e_fold));
}

bool by_expected_value(const Prospect& a, const Prospect& b) {
    return step_of_value(a.expected_value) > step_of_value(b.expected_value);
}

bool by_deadline(const Prospect& a, const Prospect& b) {
    return a.deadline_unix_s < b.deadline_unix_s;
}

bool by_size(const Prospect& a, const Prospect& b) {
    return a.dataset_bytes < b.dataset_bytes;
}

/// FNV-1a (Fowler, Noll and Vo) over both, and a last mixing, since the hashes of similar texts differ little.
std::uint64_t place_of(const JobId& id, const Address& wallet) {
    std::uint64_t hash = 0xcbf29ce484222325;
    const auto take = [&hash](std::span<const std::uint8_t> bytes) {
        for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
    };
    take(wallet.bytes);
    take(id.bytes);
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
    return hash ^ (hash >> 31);
}

constexpr std::array table{
    Priority{"expected_value", "the highest expected value", true, by_expected_value},
    Priority{"fee", "the highest fee", false, by_fee},
    Priority{"fee_per_hour", "the highest fee for each hour of the finish estimate", true, by_fee_per_hour},
    Priority{"deadline", "the earliest deadline", false, by_deadline},
    Priority{"smallest", "the smallest dataset", false, by_size},
};

}  // namespace

std::span<const Priority> priorities() {
    return table;
}

const Priority* find_priority(std::string_view name) {
    const auto found = std::ranges::find(table, name, &Priority::name);
    return found == table.end() ? nullptr : &*found;
}

bool needs_estimates(const PriorityList& list) {
    return std::ranges::any_of(list, &Priority::estimates);
}

void rank(std::vector<Prospect>& prospects, const PriorityList& list, const Address& wallet) {
    std::ranges::sort(prospects, [&](const Prospect& a, const Prospect& b) {
        if (a.is_preferred != b.is_preferred) return a.is_preferred;
        for (const Priority& priority : list) {
            if (priority.precedes(a, b)) return true;
            if (priority.precedes(b, a)) return false;
        }
        return std::pair(place_of(a.id, wallet), a.id) < std::pair(place_of(b.id, wallet), b.id);
    });
}

}  // namespace emeth::node
