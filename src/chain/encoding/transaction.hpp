// Transactions: legacy with replay protection (EIP-155) and with a fee market (EIP-1559). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "chain/chain.hpp"
#include "crypto/private_key.hpp"
#include "runtime/result.hpp"

namespace emeth::chain {

struct Transaction {
    std::uint64_t chain_id = 0;
    std::uint64_t nonce = 0;
    Fees fees;  ///< its kind determines the transaction's type
    std::uint64_t gas_limit = 0;
    std::optional<Address> to;  ///< none: creates a contract
    Wei value;                  ///< ALT wei
    Bytes data;

    friend bool operator==(const Transaction&, const Transaction&) = default;
};

struct SignedTransaction {
    Bytes raw;     ///< the argument of eth_sendRawTransaction
    Hash256 hash;  ///< Keccak-256 of `raw`
};

/// Deterministic (RFC 6979): the same transaction and key give the same bytes.
SignedTransaction sign(const Transaction& transaction, const crypto::PrivateKey& key);

struct DecodedTransaction {
    Transaction transaction;
    Address sender;  ///< recovered from the signature
    Hash256 hash;
};

/// Both types, without access lists, in canonical form only. A permanent Error names what is wrong.
Result<DecodedTransaction> decode_transaction(std::span<const std::uint8_t> raw);

/// The address of the contract that `sender` creates with `nonce`.
Address created_contract(const Address& sender, std::uint64_t nonce);

}  // namespace emeth::chain
