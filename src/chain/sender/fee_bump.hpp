// When a transaction that waits is offered again at a higher price, and at which. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "chain/chain.hpp"

namespace emeth::chain {

/// For how many blocks the lowest nonce that is not mined has waited with its newest offer. Kept in memory only: a
/// restart begins to count from zero.
class PriceWait {
public:
    /// `nonce`, with so many replacements, is the lowest at block `latest`. A block number that falls (a
    /// reorganisation, an endpoint that lags) does not restart the wait.
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
    bool at_ceiling = false;    ///< it stands because the ceiling leaves no room for another
};

/// What the next variant offers, of the kind of the newest one (legacy or EIP-1559). None while the newest offers what
/// the endpoint asks now (`market`): price is then not what it waits for. Otherwise both max fee and tip rise by more
/// than an eighth, since nodes refuse replacements below a tenth, and to what is asked if that is more. The ceiling
/// comes first: where more is asked, the ceiling itself is offered, as it may still be above the next base fee.
BumpDecision decide_bump(const Fees& newest, const Fees& market, const Wei& ceiling);

}  // namespace emeth::chain
