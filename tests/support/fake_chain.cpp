#include "support/fake_chain.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/gas.hpp"
#include "crypto/keccak256.hpp"

namespace emeth::test {
namespace {

using chain::JobStatus;

constexpr std::int64_t genesis_unix_s = 1'700'000'000;
constexpr std::int64_t block_seconds = 1;
constexpr std::int64_t day_seconds = 86'400;

/// One 32-byte word of the ABI: numbers and addresses to the right, bytes16 to the left.
Hash256 word_right(std::span<const std::uint8_t> bytes) {
    Hash256 word;
    std::copy(bytes.begin(), bytes.end(), word.bytes.end() - static_cast<std::ptrdiff_t>(bytes.size()));
    return word;
}

Hash256 word_left(std::span<const std::uint8_t> bytes) {
    Hash256 word;
    std::copy(bytes.begin(), bytes.end(), word.bytes.begin());
    return word;
}

chain::Log event(std::string_view signature, std::vector<Hash256> indexed, const std::vector<Hash256>& words) {
    chain::Log log;
    log.topics = {crypto::keccak256(signature)};
    log.topics.insert(log.topics.end(), indexed.begin(), indexed.end());
    for (const Hash256& word : words) log.data.insert(log.data.end(), word.bytes.begin(), word.bytes.end());
    return log;
}

Hash256 number_word(std::uint64_t value) {
    return word_right(wei(value).bytes);
}

}  // namespace

Wei wei(std::uint64_t value) {
    Wei amount;
    for (std::size_t i = 0; i < 8; ++i) amount.bytes[31 - i] = static_cast<std::uint8_t>(value >> (8 * i));
    return amount;
}

FakeChain::FakeChain() {
    network.core = repeated<Address>(0xc0);
    network.token = repeated<Address>(0xc1);
    network.verifier = repeated<Address>(0xc2);
    network.deposit_rate = 100'000;
    network.timeout_penalty_rate = network.decline_penalty_rate = network.failed_penalty_rate = 25'000;
    network.verifier_fee = wei(10'000'000'000'000'000'000u);
    price_of_gas = wei(1'000'000'000);
    mine();
}

void FakeChain::mine_with(std::optional<chain::Log> log, const std::function<void()>& effect) {
    FakeBlock block;
    block.header.number = blocks_.size();
    block.header.timestamp_unix_s = genesis_unix_s + block_seconds * static_cast<std::int64_t>(blocks_.size());
    block.header.hash =
        crypto::keccak256("block " + std::to_string(blocks_.size()) + " of fork " + std::to_string(forks_));
    block.jobs_before = jobs;
    if (log) {
        log->address = network.core;
        log->block = block.header.number;
        log->block_hash = block.header.hash;
        log->transaction = crypto::keccak256("transaction of " + block.header.hash.hex());
        block.logs.push_back(std::move(*log));
    }
    blocks_.push_back(std::move(block));
    if (effect) effect();
}

void FakeChain::mine(std::uint64_t blocks) {
    for (std::uint64_t i = 0; i < blocks; ++i) mine_with(std::nullopt, {});
}

void FakeChain::reorganise(std::uint64_t depth, std::uint64_t blocks) {
    jobs = blocks_.at(blocks_.size() - depth).jobs_before;
    blocks_.resize(blocks_.size() - depth);
    ++forks_;
    mine(blocks);
}

void FakeChain::request(JobId id, Address owner, std::string dataset, std::string param, Wei fee,
                        std::int64_t deadline_unix_s) {
    const auto deadline = number_word(static_cast<std::uint64_t>(deadline_unix_s));
    chain::Log log = event("Request(address,bytes16,uint256,uint256)", {word_right(owner.bytes), word_left(id.bytes)},
                           {word_right(fee.bytes), deadline});
    mine_with(std::move(log), [&] {
        FakeJob job;
        job.record = {true, owner, deadline_unix_s, fee, JobStatus::requested, blocks_.back().header.timestamp_unix_s};
        job.details = {112, std::move(param), std::move(dataset), ""};
        jobs[id] = std::move(job);
    });
}

void FakeChain::cancel(JobId id) {
    mine_with(event("Cancel(bytes16)", {word_left(id.bytes)}, {}),
              [&] { jobs.at(id).record.status = JobStatus::canceled; });
}

void FakeChain::change_status(JobId id, JobStatus status, Address node,
                              const std::function<void(FakeJob&, std::int64_t)>& effect) {
    chain::Log log = event("Status(bytes16,address,uint256)", {word_left(id.bytes)},
                           {word_right(node.bytes), number_word(static_cast<std::uint64_t>(status))});
    mine_with(std::move(log), [&] {
        jobs.at(id).record.status = status;
        if (effect) effect(jobs.at(id), blocks_.back().header.timestamp_unix_s);
    });
}

void FakeChain::process(JobId id, Address node) {
    change_status(id, JobStatus::processing, node, [&](FakeJob& job, std::int64_t now_unix_s) {
        job.assign.node = node;
        job.assign.deposit = job.record.fee;
        job.assign.started_at_unix_s = now_unix_s;
    });
}

void FakeChain::submit(JobId id, std::string result) {
    change_status(id, JobStatus::submitted, node_of(id), [&](FakeJob& job, std::int64_t now_unix_s) {
        job.details.result = std::move(result);
        job.assign.submitted_at_unix_s = now_unix_s;
    });
}

void FakeChain::verify(JobId id, std::uint64_t gas) {
    change_status(id, JobStatus::verified, node_of(id), [&](FakeJob& job, std::int64_t now_unix_s) {
        job.assign.gas = gas;
        job.assign.verified_at_unix_s = now_unix_s;
    });
}

void FakeChain::decline(JobId id) {
    change_status(id, JobStatus::declined, node_of(id), {});
}
void FakeChain::reject_result(JobId id) {
    change_status(id, JobStatus::failed, node_of(id), {});
}
void FakeChain::timeout(JobId id) {
    change_status(id, JobStatus::timeout, node_of(id), {});
}

template <class T>
Result<T> FakeChain::answer(T value) {
    ++calls_;
    if (failure) return *failure;
    return value;
}

Task<Result<std::uint64_t>> FakeChain::chain_id() {
    co_return answer(id_of_chain);
}
Task<Result<chain::Block>> FakeChain::latest_block() {
    co_return answer(blocks_.back().header);
}

Task<Result<std::optional<chain::Block>>> FakeChain::block(std::uint64_t number) {
    std::optional<chain::Block> found;
    if (number < blocks_.size()) found = blocks_[number].header;
    co_return answer(found);
}

Task<Result<chain::Constants>> FakeChain::constants() {
    co_return answer(network);
}
Task<Result<chain::JobRecord>> FakeChain::job(JobId id) {
    co_return answer(jobs.contains(id) ? jobs.at(id).record : chain::JobRecord{});
}
Task<Result<chain::JobRecord>> FakeChain::pending_job(JobId id) {
    Result<chain::JobRecord> record = co_await job(id);
    const auto waiting = pooled.find(id);
    if (record.has_value() && waiting != pooled.end()) record->status = waiting->second;
    co_return record;
}

Task<Result<std::optional<JobId>>> FakeChain::job_index(std::uint64_t index) {
    for (const FakeBlock& block : blocks_)
        for (const chain::Log& log : block.logs)
            if (const auto request = chain::parse_request_event(log); request && index-- == 0)
                co_return answer(std::optional(request->job));
    co_return answer(std::optional<JobId>());
}

Task<Result<chain::JobDetails>> FakeChain::job_details(JobId id) {
    if (before_details) before_details();
    co_return answer(jobs.contains(id) ? jobs.at(id).details : chain::JobDetails{});
}
Task<Result<chain::JobAssign>> FakeChain::job_assign(JobId id) {
    co_return answer(jobs.contains(id) ? jobs.at(id).assign : chain::JobAssign{});
}

std::vector<chain::StatusLog> FakeChain::statuses(std::uint64_t from_block, std::uint64_t to_block) const {
    std::vector<chain::StatusLog> found;
    const Hash256 status_topic = crypto::keccak256("Status(bytes16,address,uint256)");
    for (std::uint64_t number = from_block; number <= to_block && number < blocks_.size(); ++number) {
        for (const chain::Log& log : blocks_[number].logs) {
            if (log.topics[0] != status_topic) continue;
            chain::StatusLog entry{
                static_cast<JobStatus>(log.data[63]), {}, log.block, log.transaction, blocks_[number].header.hash};
            std::copy_n(log.topics[1].bytes.begin(), JobId::size_bytes, entry.job.bytes.begin());
            std::copy_n(log.data.begin() + 12, Address::size_bytes, entry.node.bytes.begin());
            found.push_back(entry);
        }
    }
    return found;
}

Task<Result<std::vector<chain::StatusLog>>> FakeChain::status_logs(JobId id, std::uint64_t from_block) {
    std::vector<chain::StatusLog> found = statuses(from_block, head());
    std::erase_if(found, [&](const chain::StatusLog& log) { return log.job != id; });
    co_return answer(found);
}

Task<Result<std::vector<chain::StatusLog>>> FakeChain::all_status_logs(std::uint64_t from_block,
                                                                       std::uint64_t to_block) {
    co_return answer(statuses(from_block, to_block));
}

Task<Result<chain::Settlement>> FakeChain::settlement(Hash256 hash, Address node) {
    if (settlements.contains(hash)) co_return answer(settlements.at(hash));
    for (const chain::StatusLog& log : statuses(0, head()))
        if (log.transaction == hash && log.node == node) co_return answer(by_the_rules(log));
    co_return answer(chain::Settlement{});
}

/// Verified: deposit and fee less the verifier's fee; any other end: three quarters of the deposit.
chain::Settlement FakeChain::by_the_rules(const chain::StatusLog& log) const {
    const FakeJob& job = jobs.at(log.job);
    const chain::U256 deposit = chain::to_u256(job.assign.deposit);
    if (log.status == JobStatus::verified)
        return {chain::to_wei(deposit + chain::to_u256(job.record.fee) - chain::to_u256(network.verifier_fee)), {}};
    return {chain::to_wei(deposit - deposit / 4), chain::to_wei(deposit / 4)};
}

Task<Result<std::vector<chain::Log>>> FakeChain::core_logs(std::uint64_t from_block, std::uint64_t to_block) {
    if (logs_failure) co_return *logs_failure;
    std::vector<chain::Log> found;
    for (std::uint64_t number = from_block; number <= to_block && number < blocks_.size(); ++number)
        found.insert(found.end(), blocks_[number].logs.begin(), blocks_[number].logs.end());
    co_return answer(found);
}

Task<Result<std::uint64_t>> FakeChain::current_slot() {
    co_return answer(static_cast<std::uint64_t>(blocks_.back().header.timestamp_unix_s / day_seconds));
}
Task<Result<std::uint64_t>> FakeChain::start_slot() {
    co_return answer(static_cast<std::uint64_t>(genesis_unix_s / day_seconds));
}

Task<Result<chain::Slot>> FakeChain::slot(std::uint64_t number, Address) {
    chain::Slot found;
    found.number = number;
    if (slots.contains(number)) found = slots.at(number);
    co_return answer(found);
}

Task<Result<std::uint64_t>> FakeChain::estimated_gas(std::uint64_t dataset_mb, std::uint64_t complexity) {
    co_return answer(chain::estimated_gas(dataset_mb, complexity));
}

Task<Result<Wei>> FakeChain::alt_balance(Address account) {
    co_return answer(alt_balances[account]);
}
Task<Result<Wei>> FakeChain::emt_balance(Address account) {
    co_return answer(emt_balances[account]);
}
Task<Result<Wei>> FakeChain::unlogged_emt_gain(Address /*account*/, std::uint64_t block) {
    if (!unlogged_gains.contains(block)) co_return permanent_error("the balances of that block are gone");
    co_return answer(unlogged_gains.at(block));
}
Task<Result<Wei>> FakeChain::emt_allowance(Address /*owner*/, Address /*spender*/) {
    co_return answer(allowance);
}
Task<Result<std::uint64_t>> FakeChain::transaction_count(Address account) {
    co_return answer(transaction_counts[account]);
}
Task<Result<Wei>> FakeChain::gas_price() {
    co_return answer(price_of_gas);
}

Task<Result<std::uint64_t>> FakeChain::estimate_gas(Address, Address, chain::Bytes) {
    if (reverts_with) co_return permanent_error("execution reverted: " + *reverts_with);
    co_return answer(std::uint64_t{100'000});
}

Task<Result<std::optional<std::string>>> FakeChain::revert_reason(Address, Address, chain::Bytes) {
    co_return answer(reverts_with);
}

Task<Result<void>> FakeChain::send_raw(chain::Bytes raw) {
    ++calls_;
    if (failure) co_return *failure;
    broadcast.push_back(std::move(raw));
    co_return Result<void>{};
}

Task<Result<std::optional<chain::Receipt>>> FakeChain::receipt(Hash256 transaction) {
    std::optional<chain::Receipt> found;
    if (receipts.contains(transaction)) found = receipts.at(transaction);
    co_return answer(found);
}

}  // namespace emeth::test
