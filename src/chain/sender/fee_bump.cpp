#include "chain/sender/fee_bump.hpp"

#include <algorithm>

#include "chain/amount.hpp"

namespace emeth::chain {
namespace {

/// Even a tip of zero has to rise.
Wei by_more_than_an_eighth(const Wei& price) {
    return saturating_sum(price, to_wei(to_u256(price) / 8 + 1));
}

bool asks_more(const Fees& market, const Fees& newest) {
    if (market.max_fee_per_gas > newest.max_fee_per_gas) return true;
    return newest.priority_fee_per_gas && market.priority_fee_per_gas &&
           *market.priority_fee_per_gas > *newest.priority_fee_per_gas;
}

}  // namespace

std::uint64_t PriceWait::blocks(std::uint64_t nonce, std::size_t replacements, std::uint64_t latest) {
    const bool goes_on = since_ && since_->nonce == nonce && since_->replacements == replacements;
    if (!goes_on) since_ = Since{nonce, replacements, latest};
    return latest > since_->block ? latest - since_->block : 0;
}

BumpDecision decide_bump(const Fees& newest, const Fees& market, const Wei& ceiling) {
    if (!asks_more(market, newest)) return {};
    const Wei least = by_more_than_an_eighth(newest.max_fee_per_gas);
    if (least > ceiling) return {std::nullopt, true};
    const Wei max_fee = std::max(least, std::min(market.max_fee_per_gas, ceiling));
    if (!newest.priority_fee_per_gas) return {Fees{max_fee, std::nullopt}, false};
    const Wei tip =
        std::max(by_more_than_an_eighth(*newest.priority_fee_per_gas), market.priority_fee_per_gas.value_or(Wei{}));
    return {Fees{max_fee, std::min(tip, max_fee)}, false};
}

}  // namespace emeth::chain
