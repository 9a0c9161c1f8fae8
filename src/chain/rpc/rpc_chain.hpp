// The room of the JSON-RPC endpoint: its client, its answers (checked and bounded, since they may be anything), and the
// chain's port on top of them. What queries an endpoint belongs here; nothing that signs or stores does.
//
// This header: the chain over JSON-RPC. Io thread only.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "chain/chain.hpp"
#include "chain/rpc/rpc_client.hpp"
#include "chain/rpc/rpc_json.hpp"

namespace emeth::chain {

namespace abi {
class Decoder;
}

/// `core` and `token` as configured. constants() checks that both are contracts and belong together (emtToken()).
class RpcChain : public Chain {
public:
    /// `rpc` must outlive it.
    RpcChain(RpcClient& rpc, Address core, Address token);

    Task<Result<std::uint64_t>> chain_id() override;
    Task<Result<Block>> latest_block() override;
    Task<Result<std::optional<Block>>> block(std::uint64_t number) override;
    Task<Result<Constants>> constants() override;
    Task<Result<JobRecord>> job(JobId id) override;
    Task<Result<std::optional<JobId>>> job_index(std::uint64_t index) override;
    Task<Result<JobRecord>> pending_job(JobId id) override;
    Task<Result<JobDetails>> job_details(JobId id) override;
    Task<Result<JobAssign>> job_assign(JobId id) override;
    Task<Result<std::vector<StatusLog>>> status_logs(JobId id, std::uint64_t from_block) override;
    Task<Result<std::vector<StatusLog>>> all_status_logs(std::uint64_t from_block, std::uint64_t to_block) override;
    Task<Result<Settlement>> settlement(Hash256 hash, Address node) override;
    Task<Result<std::vector<Log>>> core_logs(std::uint64_t from_block, std::uint64_t to_block) override;
    Task<Result<std::uint64_t>> current_slot() override;
    Task<Result<std::uint64_t>> start_slot() override;
    Task<Result<Slot>> slot(std::uint64_t number, Address node) override;
    Task<Result<std::uint64_t>> estimated_gas(std::uint64_t dataset_mb, std::uint64_t complexity) override;
    Task<Result<Wei>> alt_balance(Address account) override;
    Task<Result<Wei>> emt_balance(Address account) override;
    Task<Result<Wei>> unlogged_emt_gain(Address account, std::uint64_t block) override;
    Task<Result<Wei>> emt_allowance(Address owner, Address spender) override;
    Task<Result<std::uint64_t>> transaction_count(Address account) override;
    Task<Result<Wei>> gas_price() override;
    /// EIP-1559 where the latest block has a base fee, else legacy.
    Task<Result<Fees>> fees() override;
    Task<Result<std::uint64_t>> estimate_gas(Address from, Address to, Bytes data) override;
    Task<Result<std::optional<std::string>>> revert_reason(Address from, Address to, Bytes data) override;
    Task<Result<void>> send_raw(Bytes raw) override;
    Task<Result<std::optional<Receipt>>> receipt(Hash256 transaction) override;

private:
    /// The first value returned by a view function.
    template <class Value>
    Task<Result<Value>> view(Address contract, Bytes call, const char* name, Value (abi::Decoder::*read)(const char*),
                             std::string tag = "latest");
    Task<Result<JobRecord>> job_at(JobId id, std::string tag);
    Task<Result<Bytes>> eth_call(Address contract, Bytes call, std::string tag = "latest");
    Task<Result<Wei>> emt_balance_at(Address account, std::string tag);
    /// `tag`: "latest" or a hex quantity.
    Task<Result<std::optional<rpc::BlockHeader>>> header(std::string tag);
    Task<Result<void>> check_contracts();
    Task<Result<void>> check_is_contract(Address address, const char* setting);
    Task<Error> no_core(Error failure);
    Task<Result<Wei>> offered_gas_price(Hash256 transaction);
    Task<Result<Wei>> quantity_call(std::string method, boost::json::array params);

    RpcClient& rpc_;
    Address core_;
    Address token_;
};

}  // namespace emeth::chain
