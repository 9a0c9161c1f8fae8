#include "executing_chain.hpp"

#include <algorithm>

#include "chain/amount.hpp"
#include "chain/encoding/abi.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/encoding/transaction.hpp"

namespace emeth::test {
namespace {

using chain::JobStatus;

constexpr std::size_t selector_bytes = 4;

/// The result string of submit(bytes16,string): behind selector, id, offset and length.
std::string result_of(const chain::Bytes& data) {
    constexpr std::size_t length_at = selector_bytes + 3 * 32 - 1;
    const std::size_t length = data.at(length_at);
    return {data.begin() + length_at + 1, data.begin() + length_at + 1 + static_cast<std::ptrdiff_t>(length)};
}

const Wei minted = wei(1'000'000);

chain::Log minting(const Address& token, const Address& account) {
    chain::Log log;
    log.address = token;
    log.topics = {chain::abi::event_topic("Transfer(address,address,uint256)"), chain::abi::word_of(Address{}),
                  chain::abi::word_of(account)};
    log.data.assign(minted.bytes.begin(), minted.bytes.end());
    return log;
}

bool begins_like(const chain::Bytes& data, const chain::Bytes& pattern, std::size_t bytes) {
    return data.size() >= bytes && pattern.size() >= bytes &&
           std::equal(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(bytes), pattern.begin());
}

}  // namespace

/// The name of the call when it succeeded; empty: it reverts.
std::string ExecutingChain::execute(const chain::Bytes& data, const Address& sender) {
    if (const auto approved = chain::approved_amount(data)) return allowance = *approved, mine(), "approve";
    if (begins_like(data, chain::encode_withdraw_slot_reward(0), selector_bytes)) {
        auto& slot = slots.at(data.back() + std::uint64_t{256} * data.at(data.size() - 2));
        if (slot.own_balance.is_zero()) return "";
        slot.own_balance = Wei{};
        return mine(), "withdraw";
    }
    for (const auto& [id, job] : std::map(jobs)) {
        const bool own = job.assign.node == sender && job.record.status == JobStatus::processing;
        if (data == chain::encode_process(id)) {
            if (job.record.status != JobStatus::requested || allowance < job.record.fee) return "";
            allowance = chain::saturating_difference(allowance, job.record.fee);
            return process(id, sender), "process";
        }
        if (data == chain::encode_decline(id)) {
            if (!own) return "";
            return decline(id), "decline";
        }
        if (begins_like(data, chain::encode_submit(id, ""), selector_bytes + 32)) {
            if (!own) return "";
            return submit(id, result_of(data)), "submit";
        }
    }
    return "";
}

Task<Result<void>> ExecutingChain::send_raw(chain::Bytes raw) {
    if (failure) co_return *failure;
    if (ignores_transactions) co_return Result<void>{};
    const auto decoded = chain::decode_transaction(raw);
    if (decoded.has_error()) co_return decoded.error();
    if (leaves_waiting && leaves_waiting(decoded->transaction)) {
        left_waiting_.insert(decoded->hash);
        co_return Result<void>{};
    }
    auto& count = transaction_counts[decoded->sender];
    if (decoded->transaction.nonce < count) {
        if (receipts.contains(decoded->hash)) co_return Result<void>{};  // already known
        co_return permanent_error("nonce too low");
    }
    if (decoded->transaction.nonce > count) co_return Result<void>{};  // waits in the pool until it is sent again
    ++count;
    const auto before = head();
    const Wei allowance_was = allowance;
    const auto name = execute(decoded->transaction.data, decoded->sender);
    if (head() == before) mine();
    name.empty() ? ++reverted_ : ++mined_[name];
    chain::Receipt receipt;
    receipt.transaction = decoded->hash;
    receipt.block = head();
    const auto header = co_await block(head());
    receipt.block_hash = (*header)->hash;
    receipt.succeeded = !name.empty();
    if (name == "withdraw" && logs_mints) receipt.logs.push_back(minting(network.token, decoded->sender));
    if (name == "withdraw" && !logs_mints && !forgets_balances) unlogged_gains[head()] = minted;
    receipts[decoded->hash] = receipt;
    transaction_of_block_[head()] = decoded->hash;
    allowance_before_[head()] = allowance_was;
    co_return Result<void>{};
}

Task<Result<std::optional<chain::Receipt>>> ExecutingChain::receipt(Hash256 transaction) {
    if (hides_what_was_mined) co_return std::optional<chain::Receipt>();
    co_return co_await FakeChain::receipt(transaction);
}

Task<Result<std::vector<chain::StatusLog>>> ExecutingChain::status_logs(JobId id, std::uint64_t from_block) {
    if (hides_what_was_mined) co_return std::vector<chain::StatusLog>();
    auto logs = co_await FakeChain::status_logs(id, from_block);
    if (logs.has_error()) co_return logs;
    for (auto& log : *logs)
        if (const auto found = transaction_of_block_.find(log.block); found != transaction_of_block_.end())
            log.transaction = found->second;
    co_return logs;
}

Task<Result<chain::Settlement>> ExecutingChain::settlement(Hash256 hash, Address node) {
    if (failure) co_return *failure;
    if (left_waiting_.contains(hash) && !receipts.contains(hash)) co_return chain::Settlement{};
    if (pays) co_return *pays;
    if (const auto own = receipts.find(hash); own != receipts.end())
        for (const chain::StatusLog& log : statuses(own->second.block, own->second.block)) co_return by_the_rules(log);
    co_return co_await FakeChain::settlement(hash, node);
}

void ExecutingChain::take_back(std::uint64_t depth) {
    const auto kept = head() - depth;
    for (auto entry = receipts.begin(); entry != receipts.end();) {
        if (entry->second.block <= kept) {
            ++entry;
            continue;
        }
        for (auto& [sender, count] : transaction_counts) --count;  // one wallet sends all transactions of these tests
        transaction_of_block_.erase(entry->second.block);
        entry = receipts.erase(entry);
    }
    if (const auto undone = allowance_before_.upper_bound(kept); undone != allowance_before_.end()) {
        allowance = undone->second;
        allowance_before_.erase(undone, allowance_before_.end());
    }
    reorganise(depth, depth);
}

}  // namespace emeth::test
