// The whole network on loopback: anvil, the contracts, Storage API, JOB info server, verifier and, when asked for, the
// requester bot. Io thread only.
//
// Everything durable lives in one folder: anvil's state, the objects, the keys (0600), the outboxes, and devnet.json
// (addresses and ports).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "chain/rpc/rpc_chain.hpp"
#include "http/client.hpp"
#include "network/requester/requester.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::network {

struct DevnetOptions {
    std::filesystem::path folder;
    std::filesystem::path anvil;  ///< the executable
    std::uint16_t rpc_port = 0;   ///< 0: the ones last used in this folder, else chosen by the system
    std::uint16_t storage_port = 0;
    std::uint16_t info_port = 0;
    std::string storage_public_url;  ///< of a proxy in front of the Storage API, used in its signed URLs and given to
                                     ///< all its clients; empty: none
    std::uint32_t block_interval_s = 1;
    std::uint64_t chain_id = 60'001;
    std::uint32_t requester_interval_s = 0;  ///< 0: no requester bot
    std::uint32_t verifier_threads = 1;
    std::uint32_t verifier_patience_s = 600;  ///< VerifierOptions::patience
    trainer_protocol::NetworkRules rules;
};

class Devnet {
public:
    /// Starts or resumes the network in `options.folder`: anvil with its state file (its clock set no earlier than the
    /// last block), deployment at the first start, servers, verifier.
    static Task<Result<std::unique_ptr<Devnet>>> start(DevnetOptions options);
    ~Devnet();

    /// Serves until cancelled; an Error when a part ended on its own (anvil died, for example).
    Task<Result<void>> run();
    /// Stops anvil with SIGINT, so that it writes its state, and waits for it to exit. Call after run() has returned.
    Task<> stop();

    [[nodiscard]] const http::Url& endpoint() const;
    [[nodiscard]] const http::Url& storage_api() const;
    /// At its / is the network's page.
    [[nodiscard]] const http::Url& info_server() const;
    [[nodiscard]] Address core() const;
    [[nodiscard]] Address token() const;
    [[nodiscard]] Address verifier() const;
    [[nodiscard]] Address requester_address() const;
    [[nodiscard]] chain::RpcChain& chain();
    /// Puts JOBs on chain on behalf of the devnet's requester; works only while run() is being awaited.
    [[nodiscard]] Requester& requester();

    /// Gives `account` ALT and EMT, and waits until both have arrived.
    Task<Result<void>> fund(Address account, Wei alt, Wei emt);
    /// Moves chain time to `unix_s` (not before the latest block) and mines a block at that time.
    Task<Result<void>> advance_time_to(std::int64_t unix_s);
    /// Settings lines (KEY=value) that a master or worker on this machine needs to join; without privateKey.
    [[nodiscard]] std::string node_settings() const;

private:
    struct Impl;
    explicit Devnet(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace emeth::network
