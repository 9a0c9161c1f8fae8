// One per wallet: owns its nonces. A transaction is signed once and durable in the outbox before it is first broadcast;
// after a restart the same bytes are sent again, which the chain takes at most once. One that waits below the price is
// signed again with the same nonce, each such variant durable first, and any of them may be mined. Io thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "chain/fee_policy.hpp"
#include "crypto/private_key.hpp"
#include "runtime/async_mutex.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "storage/job_store.hpp"

namespace emeth::chain {

struct SenderOptions {
    std::uint64_t chain_id = 0;
    std::uint64_t confirmations = 1;  ///< depth at which an effect counts; 1: mined
    Milliseconds poll_interval{1'000};
    Milliseconds rebroadcast_interval{15'000};
    /// No transaction offers more per gas, whatever the endpoint says; it is a transient Error to wait for.
    std::uint64_t gas_price_max_gwei = gas_price_max_gwei_default;
    /// After so many blocks in which the lowest nonce was not mined, run() offers more for it, if the price has risen.
    std::uint64_t replace_after_blocks = 5;
};

struct Intent {
    storage::TxKind kind = storage::TxKind::other;
    std::optional<JobId> job;
    std::optional<Address> to;  ///< none: creates a contract (chain/transaction.hpp: created_contract())
    Bytes data;
    /// 0: estimated, plus 25%; a revert while estimating is a permanent Error with the decoded reason. A creation
    /// cannot be estimated.
    std::uint64_t gas_limit = 0;
    Wei deposit;  ///< of approve and process: this JOB's deposit
};

/// How a transaction ended, `confirmations` deep.
struct TxOutcome {
    Receipt receipt;
    std::string revert_reason;  ///< when status is 0
};

class TransactionSender {
public:
    /// `store`, `chain`, `key`, `pool` and `clock` must outlive the sender.
    TransactionSender(asio::any_io_executor executor, Chain& chain, storage::JobStore& store, BlockingPool& pool,
                      Clock& clock, const crypto::PrivateKey& key, SenderOptions options);
    ~TransactionSender();

    /// Makes the signed entries durable, in one batch with whatever they belong to. Called with the nonces reserved; on
    /// an Error they are free again and nothing is sent. It must return an Error whenever it wrote nothing (a rejected
    /// event is such a case).
    using Commit = std::function<Task<Result<void>>(std::vector<storage::OutboxEntry>)>;

    /// Signs `intents` with adjacent nonces, commits, broadcasts, in that order. Returns once they are durable: a
    /// failure to broadcast is not an Error, run() sends again. When cancelled after the commit, it throws
    /// operation_aborted, and run() sends as well.
    Task<Result<std::vector<storage::OutboxEntry>>> send(std::vector<Intent> intents, Commit commit);
    /// approve + process as a pair, in this order. approve *sets* the allowance, so it names the sum of all deposits
    /// whose process is not yet mined.
    Task<Result<std::vector<storage::OutboxEntry>>> send_deposit(JobId job, Wei deposit, Address core, Address token,
                                                                 Commit commit);
    /// Commits to the store's outbox alone.
    Task<Result<storage::OutboxEntry>> send_and_store(Intent intent);

    /// Waits until the transaction of that nonce is confirmed, in whichever of its variants, and returns the receipt,
    /// which names the variant; marks nothing. `hash` is that of any variant. Survives reorganisations: it waits until
    /// the depth holds. RPC failures only slow the polling down. The one Error, a
    /// permanent one: the nonce was taken by a transaction that is not ours. An endpoint that has forgotten old
    /// receipts looks the same, so reconcile with the contract before acting on it.
    Task<Result<TxOutcome>> await_outcome(std::uint64_t nonce, Hash256 hash);

    /// What is known of the transaction with `hash` among its variants on chain: none while it is not mined.
    Task<Result<std::optional<Receipt>>> receipt(std::uint64_t nonce, Hash256 hash);
    /// chain/variants.hpp
    Task<Result<std::vector<Hash256>>> variants(std::uint64_t nonce, Hash256 hash);

    /// Reads the pending outbox, broadcasts it again, then broadcasts what stays unmined, for ever; also what was
    /// marked mined, when the chain went back behind it. Replaces the lowest nonce when it is stuck below the price
    /// (chain/fee_bump.hpp). Marks entries mined that nobody else marks (settle_margin_blocks). Await it in a task
    /// group, once.
    Task<> run();

    /// Marks the entry mined in `side`, for the JOB's own commit of the confirmed effect.
    static void mark_mined(storage::SideWrites& side, storage::OutboxEntry entry, const Receipt& receipt);
    /// Marks an entry done whose nonce was taken by a foreign transaction, seen at block `noticed_at`.
    static void mark_taken(storage::SideWrites& side, storage::OutboxEntry entry, std::uint64_t noticed_at);

    [[nodiscard]] const Address& address() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emeth::chain
