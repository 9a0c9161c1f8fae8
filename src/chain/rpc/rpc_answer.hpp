// The envelope of JSON-RPC 2.0: requests, answers, and what an answered error means. Pure.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chain/chain.hpp"
#include "runtime/result.hpp"

namespace emeth::chain::rpc {

inline constexpr std::uint64_t answer_bytes_max = 16 << 20;

/// An error answered by the endpoint.
struct Failure {
    std::int64_t code = 0;
    std::string message;
    bool reverted = false;  ///< the contract refused
    Bytes revert_data;      ///< the revert data; often empty

    /// The decoded reason of a revert.
    [[nodiscard]] std::string reason() const;
    /// The endpoint already has this very transaction.
    [[nodiscard]] bool already_known() const;
    /// A call reached the contract and was refused there: by a revert or, as old compilers have it, an invalid
    /// instruction.
    [[nodiscard]] bool is_of_contract() const;
};

struct Answer {
    boost::json::value result;
    std::optional<Failure> failure;  ///< set: `result` is null
};

std::string request_text(std::uint64_t id, std::string_view method, const boost::json::array& params);

/// `body` is the answer to request `id`; `what` names method and endpoint. Transient Error if it is not JSON-RPC or
/// answers a different request.
Result<Answer> parse_answer(std::string_view body, std::uint64_t id, std::string_view what);

/// permanent: reverts, a used nonce, malformed or refused transactions and calls. Everything else may pass: transient.
Error to_error(std::string_view what, const Failure& failure);

/// The body is a web page.
bool is_html(std::string_view body);

}  // namespace emeth::chain::rpc
