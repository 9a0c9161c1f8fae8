// A chain that executes the node's signed transactions by the contract's rules, each in a block of its own.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "chain/encoding/transaction.hpp"

#include "support/fake_chain.hpp"

namespace emeth::test {

class ExecutingChain : public FakeChain {
public:
    Task<Result<void>> send_raw(chain::Bytes raw) override;
    Task<Result<std::vector<chain::StatusLog>>> status_logs(JobId id, std::uint64_t from_block) override;

    /// Mined with success, by name: "approve", "process", "submit", "decline", "withdraw".
    [[nodiscard]] int mined(const std::string& name) const { return mined_.contains(name) ? mined_.at(name) : 0; }
    /// Mined with status 0.
    [[nodiscard]] int reverted() const { return reverted_; }
    /// Removes the last `depth` blocks with their transactions; what was broadcast may be mined again.
    void take_back(std::uint64_t depth);

    Task<Result<std::optional<chain::Receipt>>> receipt(Hash256 transaction) override;
    Task<Result<chain::Settlement>> settlement(Hash256 hash, Address node) override;

    /// What every end pays; none: what the contract's rules say.
    std::optional<chain::Settlement> pays;
    bool logs_mints = true;         ///< the token emits Transfer when it mints
    bool forgets_balances = false;  ///< the endpoint keeps no balances of earlier blocks
    /// While set, receipts and logs come from an endpoint that lags far behind the one that answers everything else.
    bool hides_what_was_mined = false;
    /// While set, nothing that is sent is mined.
    bool ignores_transactions = false;
    /// Transactions for which it returns true stay in the pool, as if nodes found them too cheap.
    std::function<bool(const chain::Transaction&)> leaves_waiting;

private:
    std::string execute(const chain::Bytes& data, const Address& sender);

    std::map<std::string, int> mined_;
    int reverted_ = 0;
    std::set<Hash256> left_waiting_;
    std::map<std::uint64_t, Hash256> transaction_of_block_;
    std::map<std::uint64_t, Wei> allowance_before_;  ///< by block of a transaction
};

}  // namespace emeth::test
