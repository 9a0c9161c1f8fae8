// A chain in memory for the tests of this folder: takes real signed transactions, mines when told to, and can be
// reorganised, broken and lied with.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "chain/encoding/transaction.hpp"

namespace emeth::chain::test {

class LedgerChain : public Chain {
public:
    LedgerChain();

    /// Mines one block with all transactions that are next in line and offer `mined_from`.
    void mine();
    /// Mines a block with this transaction, whatever waits at its nonce.
    void mine_instead(const Bytes& raw);
    /// The pool lets go of what waits at this nonce.
    void drop(std::uint64_t nonce) { waiting_.erase(nonce); }
    [[nodiscard]] bool is_waiting(std::uint64_t nonce) const { return waiting_.contains(nonce); }
    void mine_empty(std::uint64_t blocks);
    /// Takes the last `blocks` blocks away. Their transactions wait again, unless `forget`.
    void reorganise(std::uint64_t blocks, bool forget = false);
    /// A foreign transaction of the wallet consumes the next nonce, in a block of its own.
    void use_nonce_elsewhere();
    void emit_log(Log log);  ///< into the next block that is mined
    [[nodiscard]] std::uint64_t height() const { return blocks_.size() - 1; }
    [[nodiscard]] std::vector<DecodedTransaction> sent_transactions() const;

    // Observed and set by the tests.
    std::vector<Bytes> sent;               ///< every broadcast, also repeated and refused ones
    std::optional<Error> outage;           ///< every call answers this
    std::optional<Error> broadcast_error;  ///< send_raw alone
    bool loses_answers = false;            ///< send_raw accepts the transaction, but its answer is lost
    std::function<std::optional<Error>(const Transaction&)> refusal;  ///< what send_raw says to it
    Wei mined_from;                                                   ///< the price below which nothing is mined
    std::uint64_t count_lag = 0;        ///< transactions that transaction_count does not know of yet
    std::map<Hash256, bool> reverts;    ///< transactions that are mined with status 0
    std::optional<std::string> reason;  ///< what revert_reason answers
    Result<Wei> allowance = Wei{};      ///< what emt_allowance answers: transactions do not change it
    std::uint64_t estimate = 100'000;
    std::optional<Error> estimate_error;
    Wei price;
    std::int64_t block_time_s = 1;
    std::uint64_t calls = 0;

    Task<Result<std::uint64_t>> chain_id() override;
    Task<Result<Block>> latest_block() override;
    Task<Result<std::optional<Block>>> block(std::uint64_t number) override;
    Task<Result<Constants>> constants() override;
    Task<Result<JobRecord>> job(JobId id) override;
    Task<Result<std::optional<JobId>>> job_index(std::uint64_t index) override;
    Task<Result<JobDetails>> job_details(JobId id) override;
    Task<Result<JobAssign>> job_assign(JobId id) override;
    Task<Result<std::vector<StatusLog>>> status_logs(JobId id, std::uint64_t from_block) override;
    Task<Result<std::vector<StatusLog>>> all_status_logs(std::uint64_t from_block, std::uint64_t to_block) override;
    Task<Result<Settlement>> settlement(Hash256 hash, Address node) override;
    Task<Result<std::vector<Log>>> core_logs(std::uint64_t from_block, std::uint64_t to_block) override;
    Task<Result<std::uint64_t>> current_slot() override;
    Task<Result<std::uint64_t>> start_slot() override;
    Task<Result<Slot>> slot(std::uint64_t number, Address node) override;
    Task<Result<std::uint64_t>> estimated_gas(std::uint64_t dataset_mb, std::uint64_t complexity) override;
    Task<Result<Wei>> alt_balance(Address account) override;
    Task<Result<Wei>> emt_balance(Address account) override;
    Task<Result<Wei>> unlogged_emt_gain(Address account, std::uint64_t block) override;
    Task<Result<Wei>> emt_allowance(Address owner, Address spender) override;
    Task<Result<std::uint64_t>> transaction_count(Address account) override;
    Task<Result<Wei>> gas_price() override;
    Task<Result<std::uint64_t>> estimate_gas(Address from, Address to, Bytes data) override;
    Task<Result<std::optional<std::string>>> revert_reason(Address from, Address to, Bytes data) override;
    Task<Result<void>> send_raw(Bytes raw) override;
    Task<Result<std::optional<Receipt>>> receipt(Hash256 transaction) override;

private:
    struct MinedBlock {
        Block block;
        std::vector<Bytes> transactions;
        std::vector<Log> logs;
        std::uint64_t nonces_used = 0;
    };
    void append(std::vector<Bytes> transactions, std::uint64_t nonces_used);
    [[nodiscard]] std::uint64_t count() const;

    std::deque<MinedBlock> blocks_;
    std::map<std::uint64_t, Bytes> waiting_;  ///< by nonce
    std::vector<Log> next_logs_;
    std::uint8_t forks_ = 0;
};

}  // namespace emeth::chain::test
