#include "node/pipeline/deposit.hpp"

#include <fmt/format.h>

#include <utility>

namespace emeth::node {
namespace {

namespace sm = statemachine;
using storage::TxKind;

/// How often to wait for something that is only temporarily missing (such as a worker that has not connected yet)
/// before the JOB is left to others.
constexpr std::uint32_t waits_before_deposit_max = 8;
/// Every process transaction that reverts costs gas.
constexpr std::uint32_t process_reverts_max = 3;
/// How often (about half an hour in all) to ask again when an endpoint contradicts itself about a process transaction.
constexpr std::uint32_t doubts_max = 12;

const storage::OutboxEntry* find_kind(const std::vector<storage::OutboxEntry>& entries, TxKind kind) {
    for (const auto& entry : entries)
        if (entry.kind == kind) return &entry;
    return nullptr;
}

}  // namespace

Task<Result<void>> Deposit::sign() {
    const Result<chain::JobRecord> record = co_await ports_.chain.job(id());
    if (record.has_error()) co_return record.error();
    Result<std::optional<Fact>> gone = co_await find_end(*record);
    if (gone.has_error()) co_return gone.error();
    if (*gone) co_return co_await ports_.journal.commit(std::move(**gone));

    const Result<Assessment> assessment = co_await ports_.preflight.assess_again(ports_.journal.job().terms, *record);
    if (assessment.has_error()) co_return assessment.error();
    if (const auto* refused = std::get_if<Refused>(&*assessment)) {
        if (!refused->lasting) co_return co_await wait_or_skip(refused->reason);
        Fact infeasible = sm::BecameInfeasible{refused->reason};
        co_return co_await ports_.journal.commit(std::move(infeasible));
    }
    Result<std::optional<std::string>> other = co_await other_in_pool();
    if (other.has_error()) co_return other.error();
    if (*other) co_return co_await wait_or_skip(std::move(**other));
    const Wei deposit = std::get<Chosen>(*assessment).deposit;
    auto commit = [this](std::vector<storage::OutboxEntry> entries) { return commit_signed(std::move(entries)); };
    const auto sent = co_await ports_.sender.send_deposit(id(), deposit, core_, token_, std::move(commit));
    if (sent.has_error()) co_return sent.error();
    co_return Result<void>{};
}

/// It holds a worker and money back meanwhile, so not for ever.
Task<Result<void>> Deposit::wait_or_skip(std::string reason) {
    if (ports_.journal.job().retry.attempt < waits_before_deposit_max) co_return transient_error(std::move(reason));
    Fact infeasible = sm::BecameInfeasible{std::move(reason)};
    co_return co_await ports_.journal.commit(std::move(infeasible));
}

/// A process that comes second reverts, and its gas is lost.
Task<Result<std::optional<std::string>>> Deposit::other_in_pool() {
    const Result<chain::JobRecord> pending = co_await ports_.chain.pending_job(id());
    if (pending.has_error()) co_return pending.error();
    if (pending->status == chain::JobStatus::requested) co_return std::optional<std::string>();
    co_return std::optional(
        fmt::format("a transaction that waits to be mined makes it {}", chain::name(pending->status)));
}

/// What the chain has already decided, if anything.
Task<Result<std::optional<Fact>>> Deposit::find_end(chain::JobRecord record) {
    if (!record.exist) co_return transient_error("the contract does not know the JOB (any more)");
    if (process_reverts_ >= process_reverts_max)
        co_return std::optional<Fact>(sm::BecameInfeasible{fmt::format("process reverted {} times", process_reverts_)});
    if (record.status == chain::JobStatus::requested) co_return std::optional<Fact>();
    if (record.status == chain::JobStatus::canceled) co_return std::optional<Fact>(sm::CanceledByRequester{});
    const Result<chain::JobAssign> assign = co_await ports_.chain.job_assign(id());
    if (assign.has_error()) co_return assign.error();
    if (assign->node != self()) co_return std::optional<Fact>(sm::LostToOtherNode{assign->node});
    co_return co_await own_process(std::move(record));
}

/// The deposit is this wallet's. Its process transaction may be one that was given up because the endpoint did not show
/// it; if so, it is adopted again. Otherwise another data folder is using the same key.
Task<Result<std::optional<Fact>>> Deposit::own_process(chain::JobRecord record) {
    auto read = [this] { return ports_.outbox.all(); };
    const Result<std::vector<storage::OutboxEntry>> entries = co_await ports_.pool.run(std::move(read));
    if (entries.has_error()) co_return entries.error();
    std::optional<sm::TxRef> approve, process;  // the newest process, and the approve right before it
    for (const auto& entry : *entries) {
        if (entry.job != id()) continue;
        if (entry.kind == TxKind::approve) approve = signed_tx(entry);
        if (entry.kind == TxKind::process) process = signed_tx(entry);
    }
    if (approve && process && approve->nonce + 1 != process->nonce) approve.reset();
    if (process && record.status == chain::JobStatus::processing)
        co_return std::optional<Fact>(sm::DepositSigned{approve, *process});
    co_return std::optional<Fact>(sm::BecameInfeasible{
        fmt::format("this wallet took it already, from another data folder (status {})", chain::name(record.status))});
}

Task<Result<void>> Deposit::commit_signed(std::vector<storage::OutboxEntry> entries) {
    const auto* approve = find_kind(entries, TxKind::approve);
    const auto* process = find_kind(entries, TxKind::process);
    if (process == nullptr) co_return permanent_error("the sender signed no process transaction");
    sm::DepositSigned deposit;
    if (approve != nullptr) deposit.approve = signed_tx(*approve);
    deposit.process = signed_tx(*process);
    Fact signed_deposit = std::move(deposit);
    storage::SideWrites side{std::move(entries)};
    co_return co_await ports_.journal.commit(std::move(signed_deposit), std::move(side));
}

Task<Result<void>> Deposit::await() {
    const sm::TxRef process = *ports_.journal.job().deposit.process;
    std::vector<sm::TxRef> approve;
    if (ports_.journal.job().deposit.approve) approve.push_back(*ports_.journal.job().deposit.approve);
    Result<TxEnding> ending = co_await ports_.transactions.await_ending(process, std::move(approve));
    if (ending.has_error()) co_return ending.error();
    if (!ending->succeeded) {
        const Result<void> disproven = co_await check_disproof(*ending);
        if (disproven.has_error()) co_return disproven.error();
        ++process_reverts_;
        Fact reverted = sm::ProcessReverted{ending->tx, std::move(ending->reason)};
        co_return co_await ports_.journal.commit(std::move(reverted), std::move(ending->side));
    }
    const Result<chain::JobAssign> assign = co_await ports_.chain.job_assign(id());
    if (assign.has_error()) co_return assign.error();
    if (assign->node != self())
        co_return transient_error(
            fmt::format("process is mined, but the endpoint still names {} as the JOB's node", assign->node.hex()));
    Fact confirmed = sm::ProcessConfirmed{ending->tx, assign->deposit};
    co_return co_await ports_.journal.commit(std::move(confirmed), std::move(ending->side));
}

/// Endpoints behind one address may disagree: one counts the nonce of a process transaction that another does not know
/// yet. Before such a transaction is given up, the contract is asked who holds the JOB, because
/// a deposit may be locked.
Task<Result<void>> Deposit::check_disproof(TxEnding ending) {
    if (ending.proven || ports_.journal.job().retry.attempt >= doubts_max) co_return Result<void>{};
    const Result<chain::JobAssign> assign = co_await ports_.chain.job_assign(id());
    if (assign.has_error()) co_return assign.error();
    if (assign->node != self()) co_return Result<void>{};
    co_return transient_error(
        fmt::format("the contract names this wallet as the JOB's node, but the endpoint does not show process {}",
                    ending.tx.hash.hex()));
}

}  // namespace emeth::node
