// Contracts on an anvil of the test's own, deployed by the code under test, and the wallets of all who use them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "chain/amount.hpp"
#include "chain/encoding/emeth_core.hpp"
#include "chain/rpc/rpc_chain.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "storage/outbox.hpp"
#include "support/anvil_process.hpp"
#include "unit/chain/complete.hpp"

namespace emeth::chain::test {

class DeployedNetwork : public testing::Test {
protected:
    enum Account : std::size_t { owner, requester, node, verifier, other };

    /// Creation code, 0x-prefixed hex.
    struct ContractCode {
        std::string core, token;
    };
    static ContractCode own_contracts();
    /// Those that behave like the published ones, of tests/support/published.
    static ContractCode published_contracts();

    explicit DeployedNetwork(const std::vector<std::string>& anvil_arguments = {},
                             const ContractCode& contracts = own_contracts());

    /// Signs with the latest count and waits until it is mined; for wallets other than the node's.
    Receipt transact(Account from, std::optional<Address> to, Bytes data);
    /// One method of anvil or evm.
    void rpc_call(std::string method, boost::json::array params = {});
    void mine(std::uint64_t blocks) { rpc_call("anvil_mine", {blocks}); }

    JobId request(const Wei& fee, std::int64_t seconds_to_deadline = 3'600);
    /// approve + process by the node's sender, mined.
    void process(const JobId& job, const Wei& fee);
    Receipt outcome(const storage::OutboxEntry& entry) { return wait_for(entry).receipt; }
    TxOutcome wait_for(const storage::OutboxEntry& entry);

    /// Goes on until `done`, at most about 10 s.
    template <class Condition>
    void run_until(Condition done) {
        for (int i = 0; i < 1'000 && !done(); ++i) run(system_clock().sleep(Milliseconds(10)));
        EXPECT_TRUE(done());
    }
    bool has_receipt(const Hash256& hash) { return run(chain->receipt(hash)).value().has_value(); }
    /// How often the JOB got this status on the chain as it is now.
    long times(const JobId& job, JobStatus status);

    std::unique_ptr<TransactionSender> make_sender(Chain& through, std::uint64_t confirmations = 1,
                                                   std::optional<Wei> allowance_cap = std::nullopt);
    TransactionSender::Commit into_store();
    [[nodiscard]] Intent intent(storage::TxKind kind, Bytes data) const;

    template <class T>
    T run(Task<T> task) {
        return complete(io, std::move(task));
    }
    Address address(Account account) const { return keys.at(account).address(); }

    asio::io_context io;
    emeth::test::AnvilProcess anvil;
    std::vector<crypto::PrivateKey> keys;
    RpcClient rpc;
    Address token, core;
    std::unique_ptr<RpcChain> chain;
    emeth::test::TemporaryFolder folder;
    std::unique_ptr<storage::Outbox> outbox;
    BlockingPool pool{1};
    std::unique_ptr<TransactionSender> sender;  ///< the node's

private:
    Address deploy(std::string_view creation_hex, const Bytes& arguments);
    std::uint8_t jobs_requested_ = 0;
};

}  // namespace emeth::chain::test
