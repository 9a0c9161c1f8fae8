// Puts JOBs on chain: uploads the dataset, approves the fee, calls request. Used by `emeth request`, the requester bot
// and the demo. Io thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "api_client/storage_api_client.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "network/requester/request_review.hpp"
#include "runtime/random.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::network {

inline constexpr std::uint64_t language_model_program = 0;

struct JobRequest {
    std::filesystem::path dataset;
    std::string param = R"({"language":"en","epoch":2})";
    std::uint64_t program_id = language_model_program;
    Wei gas_price;  ///< EMT wei per gas; fee = max(gas * gas_price, fee_min)
    Wei fee_min;
    std::int64_t deadline_in_s = 6 * 3600;  ///< from the latest block's time
};

/// What the contract is told of a JOB.
struct JobTerms {
    JobId id;
    std::uint64_t program_id = language_model_program;
    std::string dataset;  ///< its name at the Storage API
    std::string param;
    Wei fee;
    std::int64_t deadline_in_s = 0;  ///< from the latest block's time
};

struct RequestedJob {
    JobId id;
    std::uint64_t dataset_bytes = 0, gas = 0;
    Wei fee;
    std::int64_t deadline_unix_s = 0;
    Hash256 transaction;
};

/// All must outlive the requester. `sender`'s run() is awaited elsewhere.
struct RequesterPorts {
    chain::Chain& chain;
    chain::TransactionSender& sender;
    api_client::StorageApiClient& storage;
    Random& random;
};

class Requester {
public:
    Requester(RequesterPorts ports, Address core, Address token) : ports_(ports), core_(core), token_(token) {}

    /// What the JOB would cost; nothing is sent. Permanent Errors, which name the amounts ("fee 20 EMT, balance 3
    /// EMT"): too few bytes, a fee that the verifier cannot be paid from, too little EMT.
    Task<Result<Quote>> quote(JobRequest request);
    /// Quotes it, uploads the dataset, approves the fee and calls request; returns once the request is confirmed.
    /// Errors name the dataset and what failed.
    Task<Result<RequestedJob>> request(JobRequest request);
    Task<Result<void>> cancel(JobId id);

    /// Approves the fee and calls request; returns once it is confirmed. The dataset is uploaded already. The contract
    /// takes an id once: asking again for one that is on chain is a permanent Error.
    Task<Result<RequestedJob>> put_on_chain(JobTerms terms);

private:
    /// Stores and sends the transaction, and waits until it is confirmed; an Error when it reverted.
    Task<Result<chain::Receipt>> send(Address to, chain::Bytes data, std::string what);

    RequesterPorts ports_;
    Address core_, token_;
};

}  // namespace emeth::network
