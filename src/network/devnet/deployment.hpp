// The devnet's contracts: deployed at the first start and reused at every later one.
#pragma once

#include <filesystem>
#include <string>

#include "chain/rpc/rpc_chain.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth::network {

struct Deployment {
    Address core, token;
};

/// Sends a transaction from an account that the node signs for, and waits for its receipt. An empty `to` creates a
/// contract. The Error is the revert reason or the node's message.
Task<Result<boost::json::object>> send_unlocked(chain::RpcClient& rpc, Address from, std::string to,
                                                std::string data_hex);

/// EmethToken, EmethCore(token), token.setMinter(core), core.setVerifier(verifier), all by `owner`.
Task<Result<Deployment>> deploy(chain::RpcClient& rpc, Address owner, Address verifier);

/// An Error when either address has no code on chain, which means that the folder's chain was lost.
Task<Result<void>> check_deployment(chain::RpcClient& rpc, Deployment deployment);

}  // namespace emeth::network
