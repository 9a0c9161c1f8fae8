// The chain over JSON-RPC.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <string>

#include "chain/chain.hpp"
#include "http/client.hpp"

namespace emeth::chain {

/// JSON-RPC 2.0 over HTTP(S). Every call has a timeout and a bound on the answer; a JSON-RPC error becomes an Error with the node's message.
class RpcClient {
public:
    RpcClient(http::Url endpoint, Milliseconds timeout);
    /// The "result" member. For devnet also anvil_… and evm_… methods.
    Task<Result<boost::json::value>> call(std::string method, boost::json::array params);
    [[nodiscard]] const http::Url& endpoint() const { return endpoint_; }

private:
    http::Url endpoint_;
    Milliseconds timeout_;
    std::uint64_t next_id_ = 1;
};

/// `core` and `token` as configured. constants() checks that both are contracts and belong together (emtToken()).
class RpcChain : public Chain {
public:
    RpcChain(RpcClient& rpc, Address core, Address token);

    Task<Result<std::uint64_t>> chain_id() override;
    Task<Result<Block>> latest_block() override;
    Task<Result<std::optional<Block>>> block(std::uint64_t number) override;
    Task<Result<Constants>> constants() override;
    Task<Result<JobRecord>> job(JobId id) override;
    Task<Result<JobDetails>> job_details(JobId id) override;
    Task<Result<JobAssign>> job_assign(JobId id) override;
    Task<Result<std::vector<StatusLog>>> status_logs(JobId id, std::uint64_t from_block) override;
    Task<Result<Wei>> penalty_of(Hash256 hash, Address node) override;
    Task<Result<std::vector<Log>>> core_logs(std::uint64_t from_block, std::uint64_t to_block) override;
    Task<Result<std::uint64_t>> current_slot() override;
    Task<Result<std::uint64_t>> start_slot() override;
    Task<Result<Slot>> slot(std::uint64_t number, Address node) override;
    Task<Result<std::uint64_t>> estimated_gas(std::uint64_t dataset_mb, std::uint64_t complexity) override;
    Task<Result<Wei>> alt_balance(Address account) override;
    Task<Result<Wei>> emt_balance(Address account) override;
    Task<Result<Wei>> emt_allowance(Address owner, Address spender) override;
    Task<Result<std::uint64_t>> transaction_count(Address account) override;
    Task<Result<Wei>> gas_price() override;
    Task<Result<std::uint64_t>> estimate_gas(Address from, Address to, Bytes data) override;
    Task<Result<std::optional<std::string>>> revert_reason(Address from, Address to, Bytes data) override;
    Task<Result<void>> send_raw(Bytes raw) override;
    Task<Result<std::optional<Receipt>>> receipt(Hash256 transaction) override;

private:
    RpcClient& rpc_;
    Address core_;
    Address token_;
};

}  // namespace emeth::chain
