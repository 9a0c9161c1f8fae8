// What the network's servers say: the chain's endpoint, the JOB info server, the Storage API. Io thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "api_client/clock_offset.hpp"
#include "chain/rpc/rpc_chain.hpp"
#include "node/core/config.hpp"
#include "node/doctor/finding.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"

namespace emeth::node {

class NetworkExam {
public:
    /// `wallet`: whose money is looked at; none if there is no key. `exchange_max`: of one exchange with a server.
    /// `clock` must outlive it.
    NetworkExam(NodeConfig config, std::optional<Address> wallet, Milliseconds exchange_max, Clock& clock);

    // Each asks one server, and may run beside the others.
    Task<> look_at_chain(Findings& findings);
    Task<> look_at_info_server(Findings& findings);
    Task<> look_at_storage(Findings& findings);

    // What follows from their answers, as far as there were any.

    /// `deposits_are_locked`, `last_nonce`: by the node's store (NodeExam).
    [[nodiscard]] Findings judge_wallet(bool deposits_are_locked, std::optional<std::uint64_t> last_nonce) const;
    [[nodiscard]] Finding judge_time() const;

private:
    /// What was seen of the wallet.
    struct Wallet {
        std::optional<Wei> alt, emt, allowance, gas_price;
        std::optional<std::uint64_t> transactions;
        std::optional<std::vector<chain::Slot>> closed_slots;
    };
    Task<Result<void>> look_at_contract(Findings& findings);
    Task<Result<void>> look_at_wallet();
    Task<Result<std::vector<chain::Slot>>> closed_slots();

    NodeConfig config_;
    std::optional<Address> wallet_;
    Milliseconds exchange_max_;
    Clock& clock_;
    chain::RpcClient rpc_;
    chain::RpcChain chain_;
    api_client::NetworkClock network_clock_;
    std::optional<chain::Block> head_;
    Milliseconds head_seen_{0};  ///< monotonic
    std::optional<chain::Constants> constants_;
    Wallet seen_;
    bool storage_answered_ = false;
};

}  // namespace emeth::node
