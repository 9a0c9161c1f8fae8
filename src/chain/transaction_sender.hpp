// One per wallet: owns its nonces. A transaction is signed once and durable in the outbox before it is first broadcast; after a restart the same bytes are
// sent again, which the chain takes at most once. Io thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "crypto/private_key.hpp"
#include "runtime/async_mutex.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "storage/job_store.hpp"

namespace emeth::chain {

struct SenderOptions {
    std::uint64_t chain_id = 0;
    std::uint64_t confirmations = 1;         ///< depth at which an effect counts; 1: mined
    Milliseconds poll_interval{1'000};
    Milliseconds rebroadcast_interval{15'000};
};

struct Intent {
    storage::TxKind kind = storage::TxKind::other;
    std::optional<JobId> job;
    Address to;
    Bytes data;
    std::uint64_t gas_limit = 0;  ///< 0: estimated, plus 25%; a revert while estimating is a permanent Error with the decoded reason
};

/// How a transaction ended, `confirmations` deep.
struct TxOutcome {
    Receipt receipt;
    std::string revert_reason;  ///< when status is 0
};

class TransactionSender {
public:
    /// `store`, `chain`, `key`, `pool` and `clock` must outlive the sender.
    TransactionSender(asio::any_io_executor executor, Chain& chain, storage::JobStore& store, BlockingPool& pool, Clock& clock, const crypto::PrivateKey& key,
                      SenderOptions options);
    ~TransactionSender();

    /// Makes the signed entries durable, in one batch with whatever they belong to. Called with the nonces reserved; on an Error they are free again and nothing is sent.
    using Commit = std::function<Task<Result<void>>(std::vector<storage::OutboxEntry>)>;

    /// Signs `intents` with adjacent nonces, commits, broadcasts, in that order. Returns once they are durable: a failure to broadcast is not an Error, run() sends again.
    Task<Result<std::vector<storage::OutboxEntry>>> send(std::vector<Intent> intents, Commit commit);
    /// approve + process as a pair. approve *sets* the allowance, so it names the sum of all deposits whose process is not yet mined.
    Task<Result<std::vector<storage::OutboxEntry>>> send_deposit(JobId job, Wei deposit, Address core, Address token, Commit commit);
    /// Commits to the store's outbox alone.
    Task<Result<storage::OutboxEntry>> send_and_store(Intent intent);

    /// Waits until the transaction of that nonce is confirmed and returns its receipt; marks nothing. Survives reorganisations: it waits until the depth holds.
    /// A foreign transaction that took the nonce is a permanent Error that says so.
    Task<Result<TxOutcome>> await_outcome(std::uint64_t nonce, Hash256 hash);

    /// await_outcome(), then marks the entry mined in the store's outbox: for entries of send_and_store(), which belong to no JOB record.
    Task<Result<TxOutcome>> settle(storage::OutboxEntry entry);

    /// Reads the pending outbox, broadcasts it again, then broadcasts what stays unmined, for ever. Await it in a task group.
    Task<> run();

    /// Marks the entry mined in `side`, for the JOB's own commit of the confirmed effect.
    static void mark_mined(storage::SideWrites& side, storage::OutboxEntry entry, const Receipt& receipt);

    [[nodiscard]] const Address& address() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emeth::chain
