#include "node/core/wallet_use.hpp"

#include <fmt/format.h>

#include "crypto/private_key.hpp"

namespace emeth::node {

std::optional<std::string> foreign_transactions(const Address& wallet, std::uint64_t transaction_count,
                                                std::optional<std::uint64_t> last_nonce) {
    const std::uint64_t known = last_nonce ? *last_nonce + 1 : 0;
    if (transaction_count <= known) return std::nullopt;
    return fmt::format(
        "wallet {} has sent transactions that this data folder knows nothing of (nonces {} to {}): if another node or "
        "program uses its key now, end that one or give this one a key of its own before a deposit is lost; two that "
        "share a key take each other's nonces. If they are of an earlier use of the key, nothing is wrong",
        crypto::checksum_address(wallet), known, transaction_count - 1);
}

}  // namespace emeth::node
