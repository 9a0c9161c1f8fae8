#include "chain/sender/variants.hpp"

namespace emeth::chain {

Task<Result<std::vector<Hash256>>> variants_of(storage::Outbox* outbox, BlockingPool* pool, std::uint64_t nonce,
                                               Hash256 hash) {
    auto find = [outbox, nonce] { return outbox->find(nonce); };
    const Result<std::optional<storage::OutboxEntry>> entry = co_await pool->run(find);
    if (entry.has_error()) co_return entry.error();
    if (!*entry || !(*entry)->has_variant(hash)) co_return std::vector<Hash256>{hash};
    co_return (*entry)->hashes();
}

SubjectLog log_of(const storage::OutboxEntry& entry) {
    return SubjectLog({entry.job, std::nullopt});
}

Task<Result<std::optional<Receipt>>> receipt_of_any(Chain* chain, std::vector<Hash256> variants) {
    // The newest first: it offers most.
    for (auto hash = variants.rbegin(); hash != variants.rend(); ++hash) {
        Result<std::optional<Receipt>> receipt = co_await chain->receipt(*hash);
        if (!receipt || *receipt) co_return receipt;
    }
    co_return std::optional<Receipt>();
}

}  // namespace emeth::chain
