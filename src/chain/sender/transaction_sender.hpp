// The room of a wallet's own transactions: from the signature through the outbox to the confirmed receipt, including
// replacements and reorganisations. Only what a transaction needs belongs here, whoever sends it; what it means for a
// JOB does not. Of the store it sees only the outbox.
//
// This header: one sender per wallet, which owns the wallet's nonces. A transaction is signed and made durable in the
// outbox before it is first broadcast; after a restart the same bytes are sent again, and the chain accepts them at
// most once. A transaction that waits because it offers too little is signed again with the same nonce and a higher
// price; each such variant is durable before it is sent, and any of them may be mined. Io thread only.
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
#include "storage/outbox.hpp"

namespace emeth::chain {

struct SenderOptions {
    std::uint64_t chain_id = 0;
    std::uint64_t confirmations = 1;  ///< depth at which an effect counts; 1: mined
    Milliseconds poll_interval{1'000};
    Milliseconds rebroadcast_interval{15'000};
    /// No transaction offers more per gas, whatever the endpoint says; a higher price is a transient Error to wait out.
    std::uint64_t gas_price_max_gwei = gas_price_max_gwei_default;
    /// After this many blocks in which the lowest nonce was not mined, run() offers more for it,
    /// if the price has risen.
    std::uint64_t replace_after_blocks = 5;
    /// The most that a contract may take from the wallet, EMT wei: approved anew when it is used up. None: each deposit
    /// is approved by itself.
    std::optional<Wei> allowance_cap;
};

struct Intent {
    storage::TxKind kind = storage::TxKind::other;
    std::optional<JobId> job;
    std::optional<Address> to;  ///< none: creates a contract (chain/encoding/transaction.hpp: created_contract())
    Bytes data;
    /// 0: estimated, plus 25%; a revert during estimation is a permanent Error with the decoded reason. A creation
    /// cannot be estimated.
    std::uint64_t gas_limit = 0;
    Wei deposit;  ///< of approve and process: this JOB's deposit
};

/// How a transaction ended, `confirmations` deep.
struct TxOutcome {
    Receipt receipt;
    std::string revert_reason;  ///< when status is 0
};

/// All must outlive the sender.
struct SenderPorts {
    Chain& chain;
    storage::Outbox& outbox;
    BlockingPool& pool;
    Clock& clock;
    const crypto::PrivateKey& key;
};

class TransactionSender {
public:
    TransactionSender(asio::any_io_executor executor, SenderPorts ports, SenderOptions options);
    ~TransactionSender();

    /// Makes the signed entries durable, in one batch with the fact that they belong to. The nonces are reserved
    /// meanwhile; after an Error they are free again and nothing is sent. It must return an Error whenever it wrote
    /// nothing, for example when the event was rejected.
    using Commit = std::function<Task<Result<void>>(std::vector<storage::OutboxEntry>)>;

    /// Signs `intents` with adjacent nonces, commits and broadcasts, in that order. Returns once they are durable: a
    /// failure to broadcast is not an Error, since run() resends. If cancelled after the commit, it throws
    /// operation_aborted, and run() resends as well.
    Task<Result<std::vector<storage::OutboxEntry>>> send(std::vector<Intent> intents, Commit commit);
    /// approve + process as a pair, in this order. approve *sets* the allowance, so it is given the sum of all deposits
    /// whose process is not yet mined. With an allowance_cap it is given the cap, and process goes alone where what is
    /// left of the allowance covers the deposit; a deposit above the cap is a permanent Error.
    Task<Result<std::vector<storage::OutboxEntry>>> send_deposit(JobId job, Wei deposit, Address core, Address token,
                                                                 Commit commit);
    /// Commits only to the outbox.
    Task<Result<storage::OutboxEntry>> send_and_store(Intent intent);

    /// Waits until the transaction with that nonce is confirmed, in any of its variants, and returns the receipt, which
    /// names the variant; marks nothing. `hash` is that of any variant. Survives reorganisations: it waits until the
    /// depth holds. RPC failures only slow down the polling. The only Error, a permanent one: the nonce was taken by a
    /// transaction that is not ours. An endpoint that has forgotten old receipts looks the same, so check with the
    /// contract before acting on it.
    Task<Result<TxOutcome>> await_outcome(std::uint64_t nonce, Hash256 hash);

    /// What is known of the mined variant of the transaction that has `hash` among its variants; none
    /// while it is not mined.
    Task<Result<std::optional<Receipt>>> receipt(std::uint64_t nonce, Hash256 hash);
    /// chain/sender/variants.hpp
    Task<Result<std::vector<Hash256>>> variants(std::uint64_t nonce, Hash256 hash);

    /// Broadcasts the pending entries of the outbox repeatedly until they are mined, forever; also entries marked as
    /// mined that a reorganisation undid. Replaces the lowest nonce when it is stuck below the price
    /// (chain/sender/fee_bump.hpp). Marks entries as mined that nobody else marks (settle_margin_blocks). Await it
    /// once, in a task group.
    Task<> run();

    [[nodiscard]] const Address& address() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emeth::chain
