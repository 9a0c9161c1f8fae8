// JSON-RPC 2.0 over HTTP(S). Io thread only.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>

#include "chain/rpc/endpoint.hpp"
#include "chain/rpc/rpc_answer.hpp"
#include "chain/rpc/rpc_tally.hpp"
#include "http/client.hpp"

namespace emeth::chain {

/// Every call has a timeout and a bound on the size of the answer. Nothing that an
/// endpoint answers causes an exception. An endpoint that answers 429 or 503 with Retry-After is left alone for so
/// long, at most a minute. The endpoint's credentials go to its own origin only: a redirect elsewhere is not followed.
class RpcClient {
public:
    RpcClient(Endpoint endpoint, Milliseconds timeout);

    /// The "result" member. A JSON-RPC error becomes an Error with the node's message. Devnet also uses it for anvil_…
    /// and evm_… methods.
    Task<Result<boost::json::value>> call(std::string method, boost::json::array params);
    /// For callers that distinguish between answered errors; an Error here means that there was no answer.
    Task<Result<rpc::Answer>> exchange(std::string method, boost::json::array params);

    [[nodiscard]] const RpcTally& tally() const { return tally_; }
    [[nodiscard]] const http::Url& endpoint() const { return endpoint_.url; }
    /// "eth_call at http://127.0.0.1:8545", for errors.
    [[nodiscard]] std::string describe(std::string_view method) const;

private:
    Task<Result<rpc::Answer>> send(std::string method, boost::json::array params);

    Endpoint endpoint_;
    Milliseconds timeout_;
    std::uint64_t next_id_ = 1;
    Milliseconds quiet_until_{0};  ///< monotonic
    RpcTally tally_;
};

}  // namespace emeth::chain
