// The devnet's chain: anvil as a child process that keeps its state in a file. Io thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "chain/rpc/rpc_chain.hpp"
#include "runtime/child_process.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::network {

struct AnvilOptions {
    std::filesystem::path program;
    std::filesystem::path state_file;  ///< loaded when it exists; written every 10 s and at the end
    std::filesystem::path log;
    std::uint16_t port = 0;
    std::uint64_t chain_id = 0;
    std::uint32_t block_interval_s = 1;  ///< empty blocks are mined as well, because confirmations need them
};

class Anvil {
public:
    /// Returns once the chain answers, its clock is not behind its last block, and it mines. An Error quotes anvil's
    /// last output.
    static Task<Result<Anvil>> start(AnvilOptions options);

    [[nodiscard]] chain::RpcClient& rpc() { return *rpc_; }
    /// The account that anvil signs for (its first development account); it owns the contracts of the devnet.
    [[nodiscard]] Address unlocked_account() const { return account_; }
    Task<ChildEnd> wait() { return child_.wait(); }
    /// Sends SIGINT, so that anvil writes its state, and SIGKILL after 20 s.
    Task<> stop();

private:
    Anvil(ChildProcess child, std::unique_ptr<chain::RpcClient> rpc) : child_(std::move(child)), rpc_(std::move(rpc)) {}
    Task<Result<void>> wait_until_it_answers();
    Task<Result<void>> set_clock_and_mine(std::uint32_t block_interval_s);

    ChildProcess child_;
    std::unique_ptr<chain::RpcClient> rpc_;
    Address account_;
};

/// Parses a hexadecimal quantity of a JSON-RPC response, such as "0x1a".
Result<std::uint64_t> quantity(const boost::json::value& value, std::string_view what);
std::string hex_quantity(std::uint64_t value);

}  // namespace emeth::network
