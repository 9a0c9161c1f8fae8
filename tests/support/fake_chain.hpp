// A chain in memory, for tests of whatever reads the chain: JOBs and their events are set by plain calls, each of which
// mines a block of its own.
//
//     chain.request(id, owner, "text.txt", "{}", fee, deadline_unix_s);
//     chain.process(id, node);
//     EXPECT_EQ(run(chain.job(id)).value().status, chain::JobStatus::processing);
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"

namespace emeth::test {

struct FakeJob {
    chain::JobRecord record;
    chain::JobDetails details;
    chain::JobAssign assign;
};

/// Reads return the state set by the calls below and the public fields. Io thread only.
class FakeChain : public chain::Chain {
public:
    FakeChain();

    // What a requester, a node and the verifier do; each call advances time and block number by one block.
    void request(JobId id, Address owner, std::string dataset, std::string param, Wei fee,
                 std::int64_t deadline_unix_s);
    void cancel(JobId id);
    void process(JobId id, Address node);
    void decline(JobId id);
    void submit(JobId id, std::string result);
    void verify(JobId id, std::uint64_t gas);
    void reject_result(JobId id);
    void timeout(JobId id);

    void mine(std::uint64_t blocks = 1);
    /// Removes the last `depth` blocks with everything that happened in them, and mines `blocks` others in their place.
    void reorganise(std::uint64_t depth, std::uint64_t blocks);
    [[nodiscard]] std::uint64_t head() const { return blocks_.size() - 1; }
    [[nodiscard]] std::size_t calls() const { return calls_; }

    /// While set, every read returns it: the endpoint is down.
    std::optional<Error> failure;
    /// While set, core_logs() returns it.
    std::optional<Error> logs_failure;
    /// Called before each read of a JOB's details, if set: what happens in the meantime.
    std::function<void()> before_details;
    chain::Constants network;
    std::uint64_t id_of_chain = 31'337;
    std::map<Address, Wei> alt_balances, emt_balances;
    Wei allowance;  ///< of every wallet for the contract
    std::map<Address, std::uint64_t> transaction_counts;
    std::map<Hash256, chain::Receipt> receipts;
    std::map<Hash256, chain::Settlement> settlements;  ///< of any other, the contract's rules tell
    std::map<std::uint64_t, Wei> unlogged_gains;       ///< by block
    std::map<std::uint64_t, chain::Slot> slots;
    std::optional<std::string> reverts_with;  ///< the answer of revert_reason and, as an Error, of estimate_gas
    Wei price_of_gas;
    std::vector<chain::Bytes> broadcast;       ///< what send_raw accepted
    std::map<JobId, chain::JobStatus> pooled;  ///< what transactions of others that wait to be mined make of JOBs
    std::map<JobId, FakeJob> jobs;             ///< of the latest block; tests may change them at will

    Task<Result<std::uint64_t>> chain_id() override;
    Task<Result<chain::Block>> latest_block() override;
    Task<Result<std::optional<chain::Block>>> block(std::uint64_t number) override;
    Task<Result<chain::Constants>> constants() override;
    Task<Result<chain::JobRecord>> job(JobId id) override;
    Task<Result<chain::JobRecord>> pending_job(JobId id) override;
    Task<Result<std::optional<JobId>>> job_index(std::uint64_t index) override;
    Task<Result<chain::JobDetails>> job_details(JobId id) override;
    Task<Result<chain::JobAssign>> job_assign(JobId id) override;
    Task<Result<std::vector<chain::StatusLog>>> status_logs(JobId id, std::uint64_t from_block) override;
    Task<Result<std::vector<chain::StatusLog>>> all_status_logs(std::uint64_t from_block,
                                                                std::uint64_t to_block) override;
    Task<Result<chain::Settlement>> settlement(Hash256 hash, Address node) override;
    Task<Result<std::vector<chain::Log>>> core_logs(std::uint64_t from_block, std::uint64_t to_block) override;
    Task<Result<std::uint64_t>> current_slot() override;
    Task<Result<std::uint64_t>> start_slot() override;
    Task<Result<chain::Slot>> slot(std::uint64_t number, Address node) override;
    Task<Result<std::uint64_t>> estimated_gas(std::uint64_t dataset_mb, std::uint64_t complexity) override;
    Task<Result<Wei>> alt_balance(Address account) override;
    Task<Result<Wei>> emt_balance(Address account) override;
    Task<Result<Wei>> unlogged_emt_gain(Address account, std::uint64_t block) override;
    Task<Result<Wei>> emt_allowance(Address owner, Address spender) override;
    Task<Result<std::uint64_t>> transaction_count(Address account) override;
    Task<Result<Wei>> gas_price() override;
    Task<Result<std::uint64_t>> estimate_gas(Address from, Address to, chain::Bytes data) override;
    Task<Result<std::optional<std::string>>> revert_reason(Address from, Address to, chain::Bytes data) override;
    Task<Result<void>> send_raw(chain::Bytes raw) override;
    Task<Result<std::optional<chain::Receipt>>> receipt(Hash256 transaction) override;

protected:
    [[nodiscard]] std::vector<chain::StatusLog> statuses(std::uint64_t from_block, std::uint64_t to_block) const;
    [[nodiscard]] chain::Settlement by_the_rules(const chain::StatusLog& log) const;

private:
    struct FakeBlock {
        chain::Block header;
        std::vector<chain::Log> logs;
        std::map<JobId, FakeJob> jobs_before;
    };

    void mine_with(std::optional<chain::Log> log, const std::function<void()>& effect);
    void change_status(JobId id, chain::JobStatus status, Address node,
                       const std::function<void(FakeJob&, std::int64_t)>& effect);
    [[nodiscard]] Address node_of(JobId id) const { return jobs.at(id).assign.node; }
    template <class T>
    Result<T> answer(T value);

    std::vector<FakeBlock> blocks_;
    std::uint64_t forks_ = 0;
    std::size_t calls_ = 0;
};

/// 0x0101…01, 0x0202…02, …: values that are easy to tell apart in a failure's message.
template <class Bytes>
Bytes repeated(std::uint8_t byte) {
    Bytes value;
    value.bytes.fill(byte);
    return value;
}

/// An amount of wei below 2^64.
Wei wei(std::uint64_t value);

}  // namespace emeth::test
