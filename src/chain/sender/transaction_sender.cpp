#include "chain/sender/transaction_sender.hpp"

#include <fmt/format.h>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/encoding/transaction.hpp"
#include "chain/fee_policy.hpp"
#include "chain/gas.hpp"
#include "chain/sender/open_entries.hpp"
#include "chain/sender/outbox_policy.hpp"
#include "chain/sender/outcome_watch.hpp"
#include "chain/sender/rebroadcaster.hpp"
#include "chain/sender/variants.hpp"
#include "runtime/failpoint.hpp"

namespace emeth::chain {
namespace {

using storage::OutboxEntry;
using Entries = std::vector<OutboxEntry>;

/// Independent of the coroutine's frame: the function object that send_and_store passes
/// on outlives its full expression.
Task<Result<void>> put_in_outbox(storage::Outbox* outbox, BlockingPool* pool, Entries entries) {
    auto put = [outbox, entries = std::move(entries)] { return outbox->put(entries); };
    co_return co_await pool->run(std::move(put));
}

}  // namespace

struct TransactionSender::Impl {
    /// The basis for choosing the nonces of the next transactions, read under the lock.
    struct Reservation {
        std::uint64_t nonce = 0;
        std::uint64_t transaction_count = 0;
    };

    Task<Result<Intent>> with_gas_limit(Intent intent);
    Task<Result<Reservation>> reserve();
    Task<Result<std::optional<Wei>>> amount_to_approve(JobId job, Wei deposit, Address core,
                                                       std::uint64_t transaction_count);
    Task<Result<Entries>> sign_commit_broadcast(std::uint64_t nonce, std::vector<Intent> intents, Commit commit);
    Task<Result<Entries>> sign(std::uint64_t nonce, std::vector<Intent> intents);
    Task<> broadcast(Entries entries);

    SenderPorts ports;
    SenderOptions options;
    AsyncMutex mutex;
    /// The nonce after the newest durable entry. None while that is unknown: initially, and after a commit whose
    /// outcome is in doubt.
    std::optional<std::uint64_t> after_outbox;
};

TransactionSender::TransactionSender(asio::any_io_executor executor, SenderPorts ports, SenderOptions options)
    : impl_(new Impl{ports, options, AsyncMutex(executor), std::nullopt}) {}

TransactionSender::~TransactionSender() = default;

const Address& TransactionSender::address() const {
    return impl_->ports.key.address();
}

Task<Result<Entries>> TransactionSender::send(std::vector<Intent> intents, Commit commit) {
    for (Intent& intent : intents) {
        if (intent.gas_limit != 0) continue;
        Result<Intent> limited = co_await impl_->with_gas_limit(intent);
        if (limited.has_error()) co_return limited.error();
        intent = std::move(*limited);
    }
    const AsyncMutex::Lock lock = co_await impl_->mutex.lock();
    const Result<Impl::Reservation> reservation = co_await impl_->reserve();
    if (reservation.has_error()) co_return reservation.error();
    co_return co_await impl_->sign_commit_broadcast(reservation->nonce, std::move(intents), std::move(commit));
}

Task<Result<Entries>> TransactionSender::send_deposit(JobId job, Wei deposit, Address core, Address token,
                                                      Commit commit) {
    const AsyncMutex::Lock lock = co_await impl_->mutex.lock();
    const Result<Impl::Reservation> reservation = co_await impl_->reserve();
    if (reservation.has_error()) co_return reservation.error();
    const Result<std::optional<Wei>> to_approve =
        co_await impl_->amount_to_approve(job, deposit, core, reservation->transaction_count);
    if (to_approve.has_error()) co_return to_approve.error();
    std::vector<Intent> intents;
    if (*to_approve) {
        Bytes data = encode_approve(core, **to_approve);
        intents.push_back({storage::TxKind::approve, job, token, std::move(data), approve_gas_limit, deposit});
    }
    intents.push_back({storage::TxKind::process, job, core, encode_process(job), process_gas_limit, deposit});
    co_return co_await impl_->sign_commit_broadcast(reservation->nonce, std::move(intents), std::move(commit));
}

Task<Result<OutboxEntry>> TransactionSender::send_and_store(Intent intent) {
    Commit commit = [outbox = &impl_->ports.outbox, pool = &impl_->ports.pool](Entries entries) {
        return put_in_outbox(outbox, pool, std::move(entries));
    };
    std::vector<Intent> intents{std::move(intent)};
    Result<Entries> entries = co_await send(std::move(intents), std::move(commit));
    if (entries.has_error()) co_return entries.error();
    co_return std::move(entries->front());
}

Task<Result<TxOutcome>> TransactionSender::await_outcome(std::uint64_t nonce, Hash256 hash) {
    OutcomeWatch watch(impl_->ports, impl_->options);
    co_return co_await watch.run(nonce, hash);
}

Task<Result<std::vector<Hash256>>> TransactionSender::variants(std::uint64_t nonce, Hash256 hash) {
    return variants_of(&impl_->ports.outbox, &impl_->ports.pool, nonce, hash);
}

Task<Result<std::optional<Receipt>>> TransactionSender::receipt(std::uint64_t nonce, Hash256 hash) {
    Result<std::vector<Hash256>> all = co_await variants(nonce, hash);
    if (all.has_error()) co_return all.error();
    co_return co_await receipt_of_any(&impl_->ports.chain, std::move(*all));
}

Task<> TransactionSender::run() {
    Rebroadcaster rebroadcaster(impl_->ports, impl_->options);
    co_await rebroadcaster.run();
}

Task<Result<Intent>> TransactionSender::Impl::with_gas_limit(Intent intent) {
    if (!intent.to) co_return permanent_error("the creation of a contract needs a gas limit: it cannot be estimated");
    const Result<std::uint64_t> estimate =
        co_await ports.chain.estimate_gas(ports.key.address(), *intent.to, intent.data);
    if (estimate.has_error()) co_return estimate.error();
    intent.gas_limit = with_gas_margin(*estimate);
    co_return intent;
}

Task<Result<TransactionSender::Impl::Reservation>> TransactionSender::Impl::reserve() {
    const Result<std::uint64_t> count = co_await ports.chain.transaction_count(ports.key.address());
    if (count.has_error()) co_return count.error();
    if (!after_outbox) {
        auto read_last = [from = &ports.outbox] { return from->last_nonce(); };
        const Result<std::optional<std::uint64_t>> last = co_await ports.pool.run(read_last);
        if (last.has_error()) co_return last.error();
        after_outbox = *last ? **last + 1 : 0;
    }
    co_return Reservation{next_nonce(*after_outbox, *count), *count};
}

/// Before this deposit; none: what is left of the allowance covers it. An allowance above the cap, which an earlier
/// setting or another program left, is set back to it. So is one that the chain shows but that did not do: endpoints
/// behind one address may be some blocks apart.
Task<Result<std::optional<Wei>>> TransactionSender::Impl::amount_to_approve(JobId job, Wei deposit, Address core,
                                                                            std::uint64_t transaction_count) {
    auto read = [outbox = &ports.outbox, transaction_count] { return open_entries(*outbox, transaction_count); };
    const Result<Entries> open = co_await ports.pool.run(std::move(read));
    if (open.has_error()) co_return open.error();
    if (!options.allowance_cap)
        co_return std::optional(saturating_sum(unmined_deposits(*open, transaction_count), deposit));
    const Wei& cap = *options.allowance_cap;
    if (deposit > cap)
        co_return permanent_error(
            fmt::format("deposit {} EMT > allowance cap {} EMT", format_coins(deposit), format_coins(cap)));
    const Result<Wei> shown = co_await ports.chain.emt_allowance(ports.key.address(), core);
    if (shown.has_error()) co_return shown.error();
    const Result<Wei> left = allowance_left(*shown, *open, transaction_count);
    if (left.has_error()) co_return left.error();
    if (*left < deposit || *shown > cap || *left > cap) co_return std::optional(cap);
    auto look_back = [outbox = &ports.outbox, job] { return has_reverted_process(*outbox, job); };
    const Result<bool> reverted = co_await ports.pool.run(std::move(look_back));
    if (reverted.has_error()) co_return reverted.error();
    co_return *reverted ? std::optional(cap) : std::nullopt;
}

Task<Result<Entries>> TransactionSender::Impl::sign_commit_broadcast(std::uint64_t nonce, std::vector<Intent> intents,
                                                                     Commit commit) {
    Result<Entries> entries = co_await sign(nonce, std::move(intents));
    if (entries.has_error()) co_return entries.error();
    // Until the commit has returned, or if it throws, only the store knows which nonces are used.
    after_outbox.reset();
#ifdef EMETH_CANARY_BROADCAST_BEFORE_COMMIT
    co_await broadcast(*entries);  // wrong on purpose: the simulation must notice
#endif
    Task<Result<void>> committing = commit(*entries);
    const Result<void> committed = co_await std::move(committing);
    if (committed.has_error()) co_return committed.error();
    after_outbox = nonce + entries->size();
    co_await broadcast(*entries);
    co_return entries;
}

Task<Result<Entries>> TransactionSender::Impl::sign(std::uint64_t nonce, std::vector<Intent> intents) {
    const Result<Fees> market = co_await ports.chain.fees();
    if (market.has_error()) co_return market.error();
    const Result<Fees> fees = within_ceiling(*market, gwei_to_wei(options.gas_price_max_gwei));
    if (fees.has_error()) co_return fees.error();
    Entries entries;
    for (Intent& intent : intents) {
        const Transaction transaction{options.chain_id,      nonce++, *fees, intent.gas_limit, intent.to, Wei{},
                                      std::move(intent.data)};
        SignedTransaction made = chain::sign(transaction, ports.key);
        OutboxEntry entry;
        entry.nonce = transaction.nonce;
        entry.kind = intent.kind;
        entry.job = intent.job;
        entry.hash = made.hash;
        entry.raw = std::move(made.raw);
        entry.amount = intent.deposit;
        entry.created_at_unix_ms = ports.clock.unix_ms();
        entries.push_back(std::move(entry));
    }
    co_return entries;
}

Task<> TransactionSender::Impl::broadcast(Entries entries) {
    for (OutboxEntry& entry : entries) {
        failpoint::before("broadcast", storage::name(entry.kind));
        const Result<void> sent = co_await ports.chain.send_raw(std::move(entry.raw));
        failpoint::after("broadcast", storage::name(entry.kind));
        if (sent) continue;
        log_of(entry).warn("transaction {} (nonce {}, {}) was not accepted and will be sent again: {}",
                           entry.hash.hex(), entry.nonce, storage::name(entry.kind), sent.error().message);
    }
}

}  // namespace emeth::chain
