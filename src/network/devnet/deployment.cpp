#include "network/devnet/deployment.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <utility>

#include "chain/encoding/emeth_core.hpp"
#include "contracts/contract_code.hpp"
#include "runtime/clock.hpp"

namespace emeth::network {

namespace {

constexpr Milliseconds receipt_poll{100};
constexpr int receipt_polls_max = 300;  // 30 s

const std::string* text_field(const boost::json::object& object, std::string_view key, std::string& storage) {
    const auto* field = object.if_contains(key);
    const auto* text = field != nullptr ? field->if_string() : nullptr;
    if (text == nullptr) return nullptr;
    storage.assign(text->data(), text->size());
    return &storage;
}

Task<Result<Address>> create(chain::RpcClient& rpc, Address owner, std::string code_hex) {
    auto receipt = co_await send_unlocked(rpc, owner, "", std::move(code_hex));
    if (receipt.has_error()) co_return receipt.error();
    std::string text;
    const auto address = text_field(*receipt, "contractAddress", text) != nullptr ? Address::parse(text) : std::nullopt;
    if (!address) co_return permanent_error("a deployment's receipt has no contractAddress");
    co_return *address;
}

Task<Result<void>> call_contract(chain::RpcClient& rpc, Address owner, Address contract, chain::Bytes data) {
    auto receipt = co_await send_unlocked(rpc, owner, contract.hex(), to_hex(data));
    if (receipt.has_error()) co_return receipt.error();
    co_return Result<void>{};
}

/// 0x + code + the constructor's one address argument.
std::string with_address_argument(std::string_view code_hex, const Address& argument) {
    std::string code(code_hex);
    code += std::string(24, '0');
    code += argument.hex().substr(2);
    return code;
}

std::string with_prefix(std::string_view code_hex) {
    return code_hex.starts_with("0x") ? std::string(code_hex) : "0x" + std::string(code_hex);
}

}  // namespace

Task<Result<boost::json::object>> send_unlocked(chain::RpcClient& rpc, Address from, std::string to,
                                                std::string data_hex) {
    boost::json::object transaction{{"from", from.hex()}, {"data", std::move(data_hex)}};
    if (!to.empty()) transaction["to"] = to;
    boost::json::array send_parameters;
    send_parameters.emplace_back(std::move(transaction));
    const auto hash = co_await rpc.call("eth_sendTransaction", std::move(send_parameters));
    if (hash.has_error()) co_return hash.error();
    for (int poll = 0; poll < receipt_polls_max; ++poll) {
        boost::json::array receipt_parameters;
        receipt_parameters.emplace_back(*hash);
        auto receipt = co_await rpc.call("eth_getTransactionReceipt", std::move(receipt_parameters));
        if (receipt.has_error()) co_return receipt.error();
        if (auto* object = receipt->if_object()) {
            std::string status;
            if (text_field(*object, "status", status) == nullptr || status != "0x1")
                co_return permanent_error(
                    fmt::format("a transaction of {} to {} reverted", from.hex(), to.empty() ? "a new contract" : to));
            co_return std::move(*object);
        }
        co_await system_clock().sleep(receipt_poll);
    }
    co_return transient_error("no block took the transaction within 30 s");
}

Task<Result<Deployment>> deploy(chain::RpcClient& rpc, Address owner, Address verifier) {
    Deployment deployment;
    auto token = co_await create(rpc, owner, with_prefix(contracts::emeth_token_creation_hex()));
    if (token.has_error()) co_return in_context("deploying EmethToken", token.error());
    deployment.token = *token;
    auto core =
        co_await create(rpc, owner, with_address_argument(with_prefix(contracts::emeth_core_creation_hex()), *token));
    if (core.has_error()) co_return in_context("deploying EmethCore", core.error());
    deployment.core = *core;
    auto minter = co_await call_contract(rpc, owner, *token, chain::encode_set_minter(*core));
    if (minter.has_error()) co_return in_context("setMinter", minter.error());
    auto verifier_set = co_await call_contract(rpc, owner, *core, chain::encode_set_verifier(verifier));
    if (verifier_set.has_error()) co_return in_context("setVerifier", verifier_set.error());
    co_return deployment;
}

Task<Result<void>> check_deployment(chain::RpcClient& rpc, Deployment deployment) {
    for (const Address& address : {deployment.core, deployment.token}) {
        boost::json::array parameters{address.hex(), "latest"};
        const auto code = co_await rpc.call("eth_getCode", std::move(parameters));
        if (code.has_error()) co_return code.error();
        const auto* text = code->if_string();
        if (text == nullptr || text->size() <= 2)
            co_return permanent_error(fmt::format(
                "the chain of this devnet has no contract at {}: its state was lost; start again in another folder",
                address.hex()));
    }
    co_return Result<void>{};
}

}  // namespace emeth::network
