#include "ledger_chain.hpp"

#include <algorithm>
#include <stdexcept>

#include "chain/amount.hpp"

namespace emeth::chain::test {
namespace {

DecodedTransaction decoded(const Bytes& raw) {
    return decode_transaction(raw).value();
}

Wei price_of(const Bytes& raw) {
    return decoded(raw).transaction.fees.max_fee_per_gas;
}

/// As go-ethereum's pool: at least a tenth more.
bool may_replace(const Bytes& waiting, const Bytes& raw) {
    return to_u256(price_of(raw)) * 10 >= to_u256(price_of(waiting)) * 11;
}

/// For calls that no test of this folder makes.
[[noreturn]] void unexpected(const char* call) {
    throw std::logic_error(std::string("unexpected call of ") + call);
}

}  // namespace

LedgerChain::LedgerChain() : price(to_wei(std::uint64_t{1'000'000'000})) {
    append({}, 0);
}

void LedgerChain::append(std::vector<Bytes> transactions, std::uint64_t nonces_used) {
    MinedBlock mined;
    mined.block.number = blocks_.size();
    mined.block.hash.bytes[0] = forks_;
    mined.block.hash.bytes[30] = static_cast<std::uint8_t>(blocks_.size() >> 8);
    mined.block.hash.bytes[31] = static_cast<std::uint8_t>(blocks_.size());
    mined.block.timestamp_unix_s = 1'700'000'000 + static_cast<std::int64_t>(blocks_.size()) * block_time_s;
    mined.transactions = std::move(transactions);
    mined.nonces_used = nonces_used;
    mined.logs = std::exchange(next_logs_, {});
    for (Log& log : mined.logs) {
        log.block = mined.block.number;
        log.block_hash = mined.block.hash;
    }
    blocks_.push_back(std::move(mined));
}

void LedgerChain::mine() {
    std::vector<Bytes> next;
    for (auto it = waiting_.find(count()); it != waiting_.end(); it = waiting_.find(count() + next.size())) {
        if (price_of(it->second) < mined_from) break;
        next.push_back(std::move(it->second));
        waiting_.erase(it);
    }
    const std::uint64_t used = next.size();
    append(std::move(next), used);
}

void LedgerChain::mine_instead(const Bytes& raw) {
    waiting_.erase(decoded(raw).transaction.nonce);
    append({raw}, 1);
}

void LedgerChain::mine_empty(std::uint64_t blocks) {
    for (std::uint64_t i = 0; i < blocks; ++i) append({}, 0);
}

void LedgerChain::reorganise(std::uint64_t blocks, bool forget) {
    ++forks_;
    for (std::uint64_t i = 0; i < blocks; ++i) {
        for (Bytes& raw : blocks_.back().transactions) {
            if (!forget) waiting_[decoded(raw).transaction.nonce] = std::move(raw);
        }
        blocks_.pop_back();
    }
}

void LedgerChain::use_nonce_elsewhere() {
    waiting_.erase(count());
    append({}, 1);
}

void LedgerChain::emit_log(Log log) {
    next_logs_.push_back(std::move(log));
}

std::vector<DecodedTransaction> LedgerChain::sent_transactions() const {
    std::vector<DecodedTransaction> all;
    for (const Bytes& raw : sent) all.push_back(decoded(raw));
    return all;
}

std::uint64_t LedgerChain::count() const {
    std::uint64_t used = 0;
    for (const MinedBlock& mined : blocks_) used += mined.nonces_used;
    return used;
}

Task<Result<Block>> LedgerChain::latest_block() {
    ++calls;
    if (outage) co_return *outage;
    co_return blocks_.back().block;
}

Task<Result<std::optional<Block>>> LedgerChain::block(std::uint64_t number) {
    if (outage) co_return *outage;
    if (number >= blocks_.size()) co_return std::optional<Block>();
    co_return std::optional(blocks_[number].block);
}

Task<Result<std::vector<Log>>> LedgerChain::core_logs(std::uint64_t from_block, std::uint64_t to_block) {
    if (outage) co_return *outage;
    std::vector<Log> logs;
    for (std::uint64_t i = from_block; i <= to_block && i < blocks_.size(); ++i) {
        logs.insert(logs.end(), blocks_[i].logs.begin(), blocks_[i].logs.end());
    }
    co_return logs;
}

Task<Result<std::uint64_t>> LedgerChain::transaction_count(Address) {
    ++calls;
    if (outage) co_return *outage;
    co_return count() - std::min(count(), count_lag);
}

Task<Result<Wei>> LedgerChain::gas_price() {
    if (outage) co_return *outage;
    co_return price;
}

Task<Result<std::uint64_t>> LedgerChain::estimate_gas(Address, Address, Bytes) {
    if (estimate_error) co_return *estimate_error;
    co_return estimate;
}

Task<Result<std::optional<std::string>>> LedgerChain::revert_reason(Address, Address, Bytes) {
    co_return reason;
}

Task<Result<void>> LedgerChain::send_raw(Bytes raw) {
    sent.push_back(raw);
    if (outage) co_return *outage;
    if (broadcast_error) co_return *broadcast_error;
    const Transaction transaction = decoded(raw).transaction;
    const std::optional<Error> refused = refusal ? refusal(transaction) : std::nullopt;
    if (refused) co_return *refused;
    if (transaction.nonce < count()) co_return permanent_error("nonce too low");
    const auto waiting = waiting_.find(transaction.nonce);
    if (waiting != waiting_.end() && waiting->second == raw) co_return Result<void>();  // already known
    if (waiting != waiting_.end() && !may_replace(waiting->second, raw))
        co_return transient_error("replacement transaction underpriced");
    waiting_[transaction.nonce] = std::move(raw);
    if (loses_answers) co_return transient_error("connection reset by peer");
    co_return Result<void>();
}

Task<Result<std::optional<Receipt>>> LedgerChain::receipt(Hash256 transaction) {
    ++calls;
    if (outage) co_return *outage;
    for (const MinedBlock& mined : blocks_) {
        for (const Bytes& raw : mined.transactions) {
            const DecodedTransaction found = decoded(raw);
            if (found.hash != transaction) continue;
            Receipt receipt;
            receipt.transaction = transaction;
            receipt.block = mined.block.number;
            receipt.block_hash = mined.block.hash;
            receipt.succeeded = !reverts.contains(transaction);
            receipt.gas_used = found.transaction.gas_limit / 2;
            co_return std::optional(std::move(receipt));
        }
    }
    co_return std::optional<Receipt>();
}

Task<Result<std::uint64_t>> LedgerChain::chain_id() {
    unexpected("chain_id");
}
Task<Result<Constants>> LedgerChain::constants() {
    unexpected("constants");
}
Task<Result<JobRecord>> LedgerChain::job(JobId) {
    unexpected("job");
}
Task<Result<std::optional<JobId>>> LedgerChain::job_index(std::uint64_t) {
    unexpected("job_index");
}
Task<Result<JobDetails>> LedgerChain::job_details(JobId) {
    unexpected("job_details");
}
Task<Result<JobAssign>> LedgerChain::job_assign(JobId) {
    unexpected("job_assign");
}
Task<Result<std::vector<StatusLog>>> LedgerChain::status_logs(JobId, std::uint64_t) {
    unexpected("status_logs");
}
Task<Result<std::vector<StatusLog>>> LedgerChain::all_status_logs(std::uint64_t, std::uint64_t) {
    unexpected("all_status_logs");
}
Task<Result<Settlement>> LedgerChain::settlement(Hash256, Address) {
    unexpected("settlement");
}
Task<Result<Wei>> LedgerChain::unlogged_emt_gain(Address, std::uint64_t) {
    unexpected("unlogged_emt_gain");
}
Task<Result<std::uint64_t>> LedgerChain::current_slot() {
    unexpected("current_slot");
}
Task<Result<std::uint64_t>> LedgerChain::start_slot() {
    unexpected("start_slot");
}
Task<Result<Slot>> LedgerChain::slot(std::uint64_t, Address) {
    unexpected("slot");
}
Task<Result<std::uint64_t>> LedgerChain::estimated_gas(std::uint64_t, std::uint64_t) {
    unexpected("estimated_gas");
}
Task<Result<Wei>> LedgerChain::alt_balance(Address) {
    unexpected("alt_balance");
}
Task<Result<Wei>> LedgerChain::emt_balance(Address) {
    unexpected("emt_balance");
}
Task<Result<Wei>> LedgerChain::emt_allowance(Address, Address) {
    co_return allowance;
}

}  // namespace emeth::chain::test
