#include "chain/encoding/transaction.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bytes.hpp"
#include "chain/amount.hpp"
#include "chain/encoding/rlp.hpp"

namespace emeth::chain {
namespace {

using test::bytes;
using test::fixed;
using testing::HasSubstr;

/// The key of EIP-155's example.
crypto::PrivateKey example_key() {
    return std::move(crypto::PrivateKey::parse("4646464646464646464646464646464646464646464646464646464646464646"))
        .value();
}

Transaction example(bool dynamic) {
    Transaction tx;
    tx.chain_id = 60001;
    tx.nonce = 9;
    tx.fees.max_fee_per_gas = to_wei(std::uint64_t{20'000'000'000});
    if (dynamic) tx.fees.priority_fee_per_gas = to_wei(std::uint64_t{1'000'000'000});
    tx.gas_limit = 21'000;
    tx.to = fixed<Address>("0x3535353535353535353535353535353535353535");
    tx.value = to_wei(std::uint64_t{1'000'000'000'000'000'000});
    return tx;
}

TEST(Transaction, SignsTheExampleOfEip155) {
    Transaction tx = example(false);
    tx.chain_id = 1;
    const SignedTransaction made = sign(tx, example_key());
    EXPECT_EQ(to_hex(made.raw),
              "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd9"
              "39bc2195fe537567866003"
              "e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83");
}

class TransactionOfType : public testing::TestWithParam<bool> {};

TEST_P(TransactionOfType, ComesBackWithItsSender) {
    const crypto::PrivateKey key = example_key();
    for (const bool creates : {false, true}) {
        Transaction tx = example(GetParam());
        tx.data = bytes("00ff");
        if (creates) tx.to.reset();
        const SignedTransaction made = sign(tx, key);
        const Result<DecodedTransaction> decoded = decode_transaction(made.raw);
        ASSERT_TRUE(decoded) << decoded.error().message;
        EXPECT_EQ(decoded->transaction, tx);
        EXPECT_EQ(decoded->sender, key.address());
        EXPECT_EQ(decoded->hash, made.hash);
    }
}

TEST_P(TransactionOfType, GivesTheSameBytesEachTime) {
    EXPECT_EQ(sign(example(GetParam()), example_key()).raw, sign(example(GetParam()), example_key()).raw);
}

TEST_P(TransactionOfType, SaysAnotherSenderWhenAByteChanges) {
    Bytes raw = sign(example(GetParam()), example_key()).raw;
    raw[raw.size() - 75] ^= 1;  // in the value
    const Result<DecodedTransaction> decoded = decode_transaction(raw);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_NE(decoded->transaction.value, example(GetParam()).value);
    EXPECT_NE(decoded->sender, example_key().address());
}

TEST_P(TransactionOfType, RefusesEveryCutOffForm) {
    const Bytes raw = sign(example(GetParam()), example_key()).raw;
    for (std::size_t length = 0; length < raw.size(); ++length) {
        EXPECT_FALSE(decode_transaction(std::span(raw).first(length))) << length;
    }
}

INSTANTIATE_TEST_SUITE_P(Types, TransactionOfType, testing::Bool(),
                         [](const auto& row) { return row.param ? "Eip1559" : "Legacy"; });

TEST(Transaction, RefusesToSignWithoutAUsableChainId) {
    Transaction tx = example(false);
    for (const std::uint64_t chain_id : {std::uint64_t{0}, UINT64_MAX}) {
        tx.chain_id = chain_id;
        EXPECT_THROW(sign(tx, example_key()), std::invalid_argument);
    }
}

/// A legacy list with one item replaced.
Bytes with_item(std::size_t index, const Bytes& item) {
    const Result<rlp::Item> list = rlp::decode(sign(example(false), example_key()).raw);
    std::vector<Bytes> items;
    for (const rlp::Item& each : list->items) items.push_back(rlp::encode_bytes(each.bytes));
    items[index] = item;
    return rlp::encode_list(items);
}

TEST(Transaction, RefusesWhatHasNoReplayProtection) {
    EXPECT_THAT(decode_transaction(with_item(6, rlp::encode_number(27))).error().message, HasSubstr("EIP-155"));
}

TEST(Transaction, RefusesWhatNobodyCouldSignAgain) {
    for (const std::uint64_t v : {std::uint64_t{35}, std::uint64_t{36}, UINT64_MAX})
        EXPECT_THAT(decode_transaction(with_item(6, rlp::encode_number(v))).error().message,
                    HasSubstr("chain with id"));
}

TEST(Transaction, RefusesMalformedFields) {
    EXPECT_THAT(decode_transaction(with_item(3, rlp::encode_bytes(bytes("0102")))).error().message,
                HasSubstr("recipient has 2 bytes"));
    EXPECT_THAT(decode_transaction(with_item(0, rlp::encode_list({}))).error().message, HasSubstr("nonce is a list"));
    EXPECT_THAT(decode_transaction(with_item(7, rlp::encode_bytes(Bytes(33, 1)))).error().message,
                HasSubstr("r has 33 bytes"));
    EXPECT_THAT(decode_transaction(rlp::encode_list({})).error().message, HasSubstr("9 fields"));
    EXPECT_FALSE(decode_transaction(bytes("01c0")));
}

TEST(Transaction, KnowsTheAddressOfACreatedContract) {
    const Address sender = fixed<Address>("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0");
    EXPECT_EQ(created_contract(sender, 0).hex(), "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d");
    EXPECT_EQ(created_contract(sender, 1).hex(), "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8");
}

}  // namespace
}  // namespace emeth::chain
