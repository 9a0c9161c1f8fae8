// The room of the chain. Its root holds what every reader or writer of the chain needs: this port (implemented over
// JSON-RPC in rpc/ and by the simulation), amounts, chain time, gas prices and the reading of logs. encoding/ turns
// values into the chain's bytes and back, rpc/ queries an endpoint, sender/ signs and sends. Decisions about JOBs do
// not belong here, and only sender/ may use the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "statemachine/types.hpp"

namespace emeth::chain {

using Bytes = std::vector<std::uint8_t>;

/// Status codes of the contract.
enum class JobStatus : std::uint8_t {
    requested = 0,
    assigned = 1,
    processing = 2,
    submitted = 3,
    verified = 4,
    rejected = 5,
    canceled = 6,
    timeout = 7,
    failed = 8,
    declined = 9,
};
std::string_view name(JobStatus status);
/// None for a number that is not a status.
std::optional<JobStatus> job_status(std::uint64_t code);

struct Block {
    std::uint64_t number = 0;
    Hash256 hash;
    std::int64_t timestamp_unix_s = 0;
};

/// Times of the chain are bounded to the year 9999 (abi::latest_unix_s).
/// jobs(id); `exist` false: every other field is zero.
struct JobRecord {
    bool exist = false;
    Address owner;
    std::int64_t deadline_unix_s = 0;
    Wei fee;
    JobStatus status = JobStatus::requested;
    std::int64_t requested_at_unix_s = 0;
};
/// jobDetails(id). Strings are bounded to 64 KiB; longer ones are a permanent Error.
struct JobDetails {
    std::uint64_t program_id = 0;
    std::string param, dataset, result;
};
/// jobAssigns(id)
struct JobAssign {
    Address node;
    Wei deposit;
    std::uint64_t gas = 0;
    std::int64_t started_at_unix_s = 0, submitted_at_unix_s = 0, verified_at_unix_s = 0;
};

struct Log {
    Address address;
    std::vector<Hash256> topics;
    Bytes data;
    std::uint64_t block = 0;
    Hash256 block_hash, transaction;
    std::uint32_t index = 0;
};

struct Receipt {
    Hash256 transaction;
    std::uint64_t block = 0;
    Hash256 block_hash;
    bool succeeded = false;
    std::uint64_t gas_used = 0;
    Wei gas_price;  ///< effective, ALT wei; zero if the endpoint does not tell
    std::vector<Log> logs;
};

/// One Status event of a JOB, oldest first.
struct StatusLog {
    JobStatus status = JobStatus::requested;
    Address node;
    std::uint64_t block = 0;
    Hash256 transaction;
    Hash256 block_hash;
    JobId job{};
};

/// What the receipt of a transaction that ended a JOB shows about its node's EMT.
struct Settlement {
    /// Transferred to the node, less what it transferred itself, EMT wei. None: the receipt holds no transfer of EMT,
    /// or those of several JOBs of the node.
    std::optional<Wei> received;
    /// According to Penalty events, EMT wei. None: there is no such event, which not every contract sends.
    std::optional<Wei> slashed;
};

/// Read once at start; rates are in units of 1/100000.
struct Constants {
    Address core, token, verifier;
    std::uint64_t deposit_rate = 0, timeout_penalty_rate = 0, decline_penalty_rate = 0, failed_penalty_rate = 0;
    Wei verifier_fee;
};

/// What to offer for gas, ALT wei per gas.
struct Fees {
    Wei max_fee_per_gas;  ///< the price of a legacy transaction; otherwise the most that will be paid
    std::optional<Wei> priority_fee_per_gas;  ///< set: an EIP-1559 transaction

    friend bool operator==(const Fees&, const Fees&) = default;
};

/// Slots are UTC days: unix seconds / slot_seconds.
inline constexpr std::int64_t slot_seconds = 86'400;

struct Slot {
    std::uint64_t number = 0;
    std::uint64_t total_gas = 0, own_gas = 0;
    Wei own_balance;  ///< slotBalances(slot, node): gas that has not been withdrawn yet
    Wei reward{};     ///< that the day's gas shares, EMT wei; zero: over, or the contract does not tell
};

/// Reads see the latest block. An Error names the endpoint's origin and the method.
class Chain {
public:
    virtual ~Chain() = default;
    virtual Task<Result<std::uint64_t>> chain_id() = 0;
    virtual Task<Result<Block>> latest_block() = 0;
    /// None if the block does not exist, either not yet or no longer.
    virtual Task<Result<std::optional<Block>>> block(std::uint64_t number) = 0;

    virtual Task<Result<Constants>> constants() = 0;
    virtual Task<Result<JobRecord>> job(JobId id) = 0;
    /// jobIndexes(index): the JOBs in the order of their requests, from 0 on. None: there are not so many.
    virtual Task<Result<std::optional<JobId>>> job_index(std::uint64_t index) = 0;
    /// The same as it will be once the transactions that wait in the endpoint's pool are mined, others' included. The
    /// default, and where an endpoint shows no such block: job().
    virtual Task<Result<JobRecord>> pending_job(JobId id);
    virtual Task<Result<JobDetails>> job_details(JobId id) = 0;
    virtual Task<Result<JobAssign>> job_assign(JobId id) = 0;
    virtual Task<Result<std::vector<StatusLog>>> status_logs(JobId id, std::uint64_t from_block) = 0;
    /// Of every JOB, in [from_block, to_block], oldest first.
    virtual Task<Result<std::vector<StatusLog>>> all_status_logs(std::uint64_t from_block, std::uint64_t to_block) = 0;
    /// What transaction `hash` moved between the contract and `node`. Transient Error: it is in no block.
    virtual Task<Result<Settlement>> settlement(Hash256 hash, Address node) = 0;
    /// Logs of the EmethCore contract in [from_block, to_block], any event.
    virtual Task<Result<std::vector<Log>>> core_logs(std::uint64_t from_block, std::uint64_t to_block) = 0;

    virtual Task<Result<std::uint64_t>> current_slot() = 0;
    virtual Task<Result<std::uint64_t>> start_slot() = 0;
    virtual Task<Result<Slot>> slot(std::uint64_t number, Address node) = 0;
    virtual Task<Result<std::uint64_t>> estimated_gas(std::uint64_t dataset_mb, std::uint64_t complexity) = 0;

    virtual Task<Result<Wei>> alt_balance(Address account) = 0;
    virtual Task<Result<Wei>> emt_balance(Address account) = 0;
    /// By how much the account's EMT grew in a block without an event of the token that tells of it: some tokens emit
    /// none when they mint. Error, also a permanent one: the endpoint does not keep the balances of that block.
    virtual Task<Result<Wei>> unlogged_emt_gain(Address account, std::uint64_t block) = 0;
    virtual Task<Result<Wei>> emt_allowance(Address owner, Address spender) = 0;

    virtual Task<Result<std::uint64_t>> transaction_count(Address account) = 0;
    /// Price per gas to offer now, ALT wei.
    virtual Task<Result<Wei>> gas_price() = 0;
    /// What a transaction signed now should offer. The default is a legacy transaction at gas_price().
    virtual Task<Result<Fees>> fees();
    virtual Task<Result<std::uint64_t>> estimate_gas(Address from, Address to, Bytes data) = 0;
    /// Runs the call at the latest block. None: it would succeed; otherwise the decoded revert reason.
    virtual Task<Result<std::optional<std::string>>> revert_reason(Address from, Address to, Bytes data) = 0;
    /// "already known" counts as success; "nonce too low" is a permanent Error.
    virtual Task<Result<void>> send_raw(Bytes raw) = 0;
    virtual Task<Result<std::optional<Receipt>>> receipt(Hash256 transaction) = 0;
};

}  // namespace emeth::chain
