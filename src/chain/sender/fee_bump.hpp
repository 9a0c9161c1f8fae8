// When a waiting transaction is offered again at a higher price, and at which price. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "chain/chain.hpp"

namespace emeth::chain {

/// For how many blocks the lowest unmined nonce has waited with its newest offer. Kept in memory only: a restart begins
/// to count from zero.
class PriceWait {
public:
    /// `nonce`, with this many replacements, is the lowest unmined one at block `latest`. A falling block number (a
    /// reorganisation, or a lagging endpoint) does not restart the wait.
    std::uint64_t blocks(std::uint64_t nonce, std::size_t replacements, std::uint64_t latest);

private:
    struct Since {
        std::uint64_t nonce = 0;
        std::size_t replacements = 0;
        std::uint64_t block = 0;
    };
    std::optional<Since> since_;
};

struct BumpDecision {
    std::optional<Fees> offer;  ///< none: the newest offer stands
    bool at_ceiling = false;    ///< the newest offer stands because the ceiling leaves no room for another
};

/// What the next variant offers, of the same kind as the newest one (legacy or EIP-1559). None while the newest offers
/// what the endpoint asks now (`market`): price is then not what it is waiting for. Otherwise both max fee and tip rise
/// by more than an eighth, since nodes refuse replacements below a tenth, or to the asking price if that is higher. The
/// ceiling takes precedence: if more is asked, the ceiling itself is offered, as it may still be
/// above the next base fee.
BumpDecision decide_bump(const Fees& newest, const Fees& market, const Wei& ceiling);

}  // namespace emeth::chain
