// Transactions and RLP, held to ethers.js.
#include <gtest/gtest.h>

#include <boost/json/array.hpp>

#include "chain/encoding/rlp.hpp"
#include "chain/encoding/transaction.hpp"
#include "ethers_vectors.hpp"

namespace emeth::chain::test {
namespace {

Transaction transaction_of(const boost::json::value& row, bool dynamic) {
    Transaction tx;
    tx.chain_id = number(row, "chainId");
    tx.nonce = number(row, "nonce");
    tx.fees.max_fee_per_gas = amount(row, dynamic ? "maxFeePerGas" : "gasPrice");
    if (dynamic) tx.fees.priority_fee_per_gas = amount(row, "maxPriorityFeePerGas");
    tx.gas_limit = small_number(row, "gasLimit").value();
    if (!row.at("to").is_null()) tx.to = fixed<Address>(row, "to");
    tx.value = amount(row, "value");
    tx.data = bytes(row, "data");
    return tx;
}

void expect_same(const boost::json::value& row, bool dynamic) {
    const Transaction tx = transaction_of(row, dynamic);
    const SignedTransaction made = sign(tx, *crypto::PrivateKey::parse(text(row, "privateKey")));
    EXPECT_EQ(to_hex(made.raw), text(row, "raw"));
    EXPECT_EQ(made.hash.hex(), text(row, "hash"));
    const Result<DecodedTransaction> decoded = decode_transaction(bytes(row, "raw"));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->transaction, tx);
    EXPECT_EQ(decoded->sender, fixed<Address>(row, "from"));
    EXPECT_EQ(decoded->hash.hex(), text(row, "hash"));
}

TEST(EthersTransactions, AgreesOnLegacyOnes) {
    for (const auto& row : list(ethers_vectors(), "legacyTransactions")) expect_same(row, false);
}

TEST(EthersTransactions, AgreesOnEip1559) {
    for (const auto& row : list(ethers_vectors(), "eip1559Transactions")) expect_same(row, true);
}

TEST(EthersTransactions, AgreesOnCreatedContracts) {
    for (const auto& row : list(ethers_vectors(), "createdContracts")) {
        EXPECT_EQ(created_contract(fixed<Address>(row, "from"), number(row, "nonce")), fixed<Address>(row, "address"));
    }
}

Bytes encode(const boost::json::value& value) {
    if (!value.is_array()) {
        const boost::json::object row{{"bytes", value}};
        return rlp::encode_bytes(bytes(row, "bytes"));
    }
    std::vector<Bytes> items;
    for (const auto& item : value.as_array()) items.push_back(encode(item));
    return rlp::encode_list(items);
}

/// A decoded item encodes to what it was decoded from, so both directions are held to the peer.
Bytes encode(const rlp::Item& item) {
    if (!item.is_list) return rlp::encode_bytes(item.bytes);
    std::vector<Bytes> items;
    for (const rlp::Item& each : item.items) items.push_back(encode(each));
    return rlp::encode_list(items);
}

TEST(EthersRlp, AgreesInBothDirections) {
    for (const auto& row : list(ethers_vectors(), "rlp")) {
        const Bytes encoded = bytes(row, "encoded");
        EXPECT_EQ(to_hex(encode(row.at("value"))), to_hex(encoded));
        const Result<rlp::Item> item =
            rlp::decode(encoded, {.bytes_max = 1 << 20, .depth_max = 32, .items_max = 100'000});
        ASSERT_TRUE(item) << item.error().message;
        EXPECT_EQ(to_hex(encode(*item)), to_hex(encoded));
    }
}

}  // namespace
}  // namespace emeth::chain::test
