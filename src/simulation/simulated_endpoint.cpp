#include "simulation/simulated_endpoint.hpp"

#include <algorithm>
#include <string>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/gas.hpp"

namespace emeth::simulation {
namespace {

constexpr std::int64_t day_seconds = 86'400;
constexpr Milliseconds timeout{15'000};
constexpr Milliseconds slowest{3'000};
constexpr std::uint64_t spike_factor = 40;

/// The contract tells of a request and of its cancelling by events of their own.
chain::Log log_of(const chain::StatusLog& event, const std::map<JobId, ChainJob>& jobs, const Address& core) {
    chain::Log log;
    if (event.status == chain::JobStatus::requested) {
        const chain::JobRecord& record = jobs.at(event.job).record;
        log = chain::request_log({record.owner, event.job, record.fee, record.deadline_unix_s});
    } else if (event.status == chain::JobStatus::canceled) {
        log = chain::cancel_log({event.job});
    } else {
        log = chain::status_log({event.job, event.node, event.status});
    }
    log.address = core;
    log.block = event.block;
    log.block_hash = event.block_hash;
    log.transaction = event.transaction;
    return log;
}

}  // namespace

Task<std::optional<Error>> SimulatedEndpoint::ask(const char* method) {
    process_.check();
    if (weather_.chain_down_until > clock_.monotonic()) {
        co_await clock_.sleep(dice_.chance(0.5) ? Milliseconds(20) : timeout);
        process_.check();
        co_return transient_error(std::string(method) + ": the endpoint is down");
    }
    if (weather_.slow_rate > 0 && dice_.chance(weather_.slow_rate)) {
        co_await clock_.sleep(Milliseconds(dice_.between(5, slowest.count())));
        process_.check();
    }
    if (weather_.error_rate > 0 && dice_.chance(weather_.error_rate))
        co_return transient_error(std::string(method) + ": 503");
    co_return std::nullopt;
}

std::uint64_t SimulatedEndpoint::head() const {
    const bool lags = weather_.endpoint_lags_until > clock_.monotonic();
    return lags && chain_.head() > lag_blocks ? chain_.head() - lag_blocks : chain_.head();
}

const ChainJob* SimulatedEndpoint::find(const JobId& id) const {
    const auto& jobs = ledger().jobs;
    const auto found = jobs.find(id);
    return found == jobs.end() ? nullptr : &found->second;
}

Task<Result<std::uint64_t>> SimulatedEndpoint::chain_id() {
    if (auto failed = co_await ask("eth_chainId")) co_return std::move(*failed);
    co_return chain_number;
}

Task<Result<chain::Block>> SimulatedEndpoint::latest_block() {
    if (auto failed = co_await ask("eth_getBlockByNumber")) co_return std::move(*failed);
    co_return chain_.header(head());
}

Task<Result<std::optional<chain::Block>>> SimulatedEndpoint::block(std::uint64_t number) {
    if (auto failed = co_await ask("eth_getBlockByNumber")) co_return std::move(*failed);
    if (number > head()) co_return std::optional<chain::Block>();
    co_return std::optional<chain::Block>(chain_.header(number));
}

Task<Result<chain::Constants>> SimulatedEndpoint::constants() {
    if (auto failed = co_await ask("constants")) co_return std::move(*failed);
    co_return chain_.constants;
}

Task<Result<chain::JobRecord>> SimulatedEndpoint::job(JobId id) {
    if (auto failed = co_await ask("jobs")) co_return std::move(*failed);
    const ChainJob* found = find(id);
    co_return found == nullptr ? chain::JobRecord{} : found->record;
}

Task<Result<std::optional<JobId>>> SimulatedEndpoint::job_index(std::uint64_t index) {
    if (auto failed = co_await ask("jobIndexes")) co_return std::move(*failed);
    for (const chain::StatusLog& event : chain_.all_events(0, head()))
        if (event.status == chain::JobStatus::requested && index-- == 0) co_return std::optional(event.job);
    co_return std::optional<JobId>();
}

Task<Result<chain::JobDetails>> SimulatedEndpoint::job_details(JobId id) {
    if (auto failed = co_await ask("jobDetails")) co_return std::move(*failed);
    const ChainJob* found = find(id);
    co_return found == nullptr ? chain::JobDetails{} : found->details;
}

Task<Result<chain::JobAssign>> SimulatedEndpoint::job_assign(JobId id) {
    if (auto failed = co_await ask("jobAssigns")) co_return std::move(*failed);
    const ChainJob* found = find(id);
    co_return found == nullptr ? chain::JobAssign{} : found->assign;
}

Task<Result<std::vector<chain::StatusLog>>> SimulatedEndpoint::status_logs(JobId id, std::uint64_t from_block) {
    if (auto failed = co_await ask("eth_getLogs")) co_return std::move(*failed);
    co_return chain_.status_logs(id, from_block, head());
}

Task<Result<std::vector<chain::StatusLog>>> SimulatedEndpoint::all_status_logs(std::uint64_t from_block,
                                                                               std::uint64_t to_block) {
    if (auto failed = co_await ask("eth_getLogs")) co_return std::move(*failed);
    co_return chain_.status_logs(std::nullopt, from_block, std::min(to_block, head()));
}

Task<Result<chain::Settlement>> SimulatedEndpoint::settlement(Hash256 hash, Address) {
    if (auto failed = co_await ask("eth_getTransactionReceipt")) co_return std::move(*failed);
    co_return chain_.settlement(hash);
}

Task<Result<std::vector<chain::Log>>> SimulatedEndpoint::core_logs(std::uint64_t from_block, std::uint64_t to_block) {
    if (auto failed = co_await ask("eth_getLogs")) co_return std::move(*failed);
    std::vector<chain::Log> logs;
    for (const chain::StatusLog& event : chain_.all_events(from_block, std::min(to_block, head())))
        logs.push_back(log_of(event, chain_.latest().jobs, chain_.constants.core));
    co_return logs;
}

Task<Result<std::uint64_t>> SimulatedEndpoint::current_slot() {
    if (auto failed = co_await ask("currentSlot")) co_return std::move(*failed);
    co_return static_cast<std::uint64_t>(chain_.header(head()).timestamp_unix_s / day_seconds);
}

Task<Result<std::uint64_t>> SimulatedEndpoint::start_slot() {
    if (auto failed = co_await ask("startSlot")) co_return std::move(*failed);
    co_return static_cast<std::uint64_t>(SimulatedChain::genesis_unix_s / day_seconds);
}

Task<Result<chain::Slot>> SimulatedEndpoint::slot(std::uint64_t number, Address) {
    if (auto failed = co_await ask("slots")) co_return std::move(*failed);
    chain::Slot slot;
    slot.number = number;
    constexpr Amount reward = 288'000 * emt;
    slot.reward = wei_of(reward);
    const auto found = ledger().slots.find(number);
    if (found != ledger().slots.end()) {
        slot.total_gas = found->second.total;
        slot.own_gas = found->second.own;
        slot.own_balance = chain::to_wei(found->second.own_left);
    }
    co_return slot;
}

Task<Result<std::uint64_t>> SimulatedEndpoint::estimated_gas(std::uint64_t dataset_mb, std::uint64_t complexity) {
    if (auto failed = co_await ask("getEstimatedGas")) co_return std::move(*failed);
    co_return chain::estimated_gas(dataset_mb, complexity);
}

Task<Result<Wei>> SimulatedEndpoint::alt_balance(Address) {
    if (auto failed = co_await ask("eth_getBalance")) co_return std::move(*failed);
    co_return wei_of(1'000 * emt);
}

Task<Result<Wei>> SimulatedEndpoint::emt_balance(Address account) {
    if (auto failed = co_await ask("balanceOf")) co_return std::move(*failed);
    const auto& balances = ledger().balances;
    const auto found = balances.find(account);
    co_return wei_of(found == balances.end() ? 0 : found->second);
}

Task<Result<Wei>> SimulatedEndpoint::unlogged_emt_gain(Address, std::uint64_t) {
    if (auto failed = co_await ask("balanceOf")) co_return std::move(*failed);
    co_return Wei{};  // this token tells of everything
}

Task<Result<Wei>> SimulatedEndpoint::emt_allowance(Address, Address) {
    if (auto failed = co_await ask("allowance")) co_return std::move(*failed);
    co_return wei_of(ledger().allowance);
}

Task<Result<std::uint64_t>> SimulatedEndpoint::transaction_count(Address) {
    if (auto failed = co_await ask("eth_getTransactionCount")) co_return std::move(*failed);
    co_return ledger().nonce;
}

Task<Result<Wei>> SimulatedEndpoint::gas_price() {
    if (auto failed = co_await ask("eth_gasPrice")) co_return std::move(*failed);
    const bool spike = weather_.gas_spike_until > clock_.monotonic();
    co_return chain::to_wei(SimulatedChain::base_price * (spike ? spike_factor : 1));
}

Task<Result<std::uint64_t>> SimulatedEndpoint::estimate_gas(Address, Address, chain::Bytes data) {
    if (auto failed = co_await ask("eth_estimateGas")) co_return std::move(*failed);
    if (const auto reason = chain_.revert_reason(data)) co_return permanent_error("execution reverted: " + *reason);
    co_return std::uint64_t{100'000};
}

Task<Result<std::optional<std::string>>> SimulatedEndpoint::revert_reason(Address, Address, chain::Bytes data) {
    if (auto failed = co_await ask("eth_call")) co_return std::move(*failed);
    co_return chain_.revert_reason(data);
}

Task<Result<void>> SimulatedEndpoint::send_raw(chain::Bytes raw) {
    if (auto failed = co_await ask("eth_sendRawTransaction")) co_return std::move(*failed);
    const Result<void> accepted = chain_.accept(raw);
    if (weather_.lost_answer_rate > 0 && dice_.chance(weather_.lost_answer_rate)) {
        co_await clock_.sleep(timeout);
        process_.check();
        co_return transient_error("eth_sendRawTransaction took longer than 15000 ms");
    }
    co_return accepted;
}

Task<Result<std::optional<chain::Receipt>>> SimulatedEndpoint::receipt(Hash256 transaction) {
    if (auto failed = co_await ask("eth_getTransactionReceipt")) co_return std::move(*failed);
    co_return chain_.receipt(transaction, head());
}

}  // namespace emeth::simulation
