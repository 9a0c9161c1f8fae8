#include "chain/sender/outbox_policy.hpp"

#include <gtest/gtest.h>

#include "chain/amount.hpp"

namespace emeth::chain {
namespace {

using storage::OutboxEntry;
using storage::TxKind;

OutboxEntry entry(std::uint64_t nonce, TxKind kind = TxKind::other, std::uint64_t deposit = 0,
                  std::uint64_t block = 0) {
    OutboxEntry made;
    made.nonce = nonce;
    made.kind = kind;
    made.amount = to_wei(deposit);
    made.mined_block = block;
    return made;
}

TEST(OutboxPolicy, NeverUsesANonceTwice) {
    EXPECT_EQ(next_nonce(0, 0), 0u);
    EXPECT_EQ(next_nonce(5, 3), 5u);  // durable entries that are not mined
    EXPECT_EQ(next_nonce(5, 9), 9u);  // the wallet was used elsewhere
}

TEST(OutboxPolicy, SumsDepositsThatAreNotMined) {
    const std::vector<OutboxEntry> pending{
        entry(1, TxKind::process, 1),                                          // mined, not marked yet
        entry(2, TxKind::approve, 10),         entry(3, TxKind::process, 10),  // waiting; counted once
        entry(4, TxKind::process, 100),        entry(5, TxKind::submit, 1'000),
        entry(6, TxKind::process, 10'000, 77),  // marked mined
    };
    EXPECT_EQ(unmined_deposits(pending, 2), to_wei(std::uint64_t{110}));
    EXPECT_EQ(unmined_deposits({}, 0), Wei{});
}

TEST(OutboxPolicy, AnApproveWhoseBytesAreNoneIsAnError) {
    const Result<Wei> left = allowance_left(Wei{}, {entry(4, TxKind::approve)}, 3);
    ASSERT_TRUE(left.has_error());
    EXPECT_EQ(left.error().kind, ErrorKind::permanent);
    EXPECT_NE(left.error().message.find("outbox, nonce 4"), std::string::npos);
    EXPECT_TRUE(allowance_left(Wei{}, {entry(4, TxKind::approve)}, 5).has_value()) << "the chain has taken it";
}

TEST(OutboxPolicy, KeepsTheOrderOfNonces) {
    const std::vector<OutboxEntry> left = untaken({entry(7), entry(3), entry(5)}, 5);
    ASSERT_EQ(left.size(), 2u);
    EXPECT_EQ(left[0].nonce, 5u);
    EXPECT_EQ(left[1].nonce, 7u);
}

TEST(OutboxPolicy, NoticesThatTheChainWentBack) {
    using Nonces = std::vector<std::uint64_t>;
    EXPECT_EQ(missing_nonces({}, 5, 5, 10), Nonces{});
    EXPECT_EQ(missing_nonces({}, 9, 5, 10), Nonces{});
    EXPECT_EQ(missing_nonces({entry(3), entry(4)}, 3, 5, 10), Nonces{});
    EXPECT_EQ(missing_nonces({entry(4)}, 3, 5, 10), Nonces{3});
    EXPECT_EQ(missing_nonces({entry(1), entry(4)}, 3, 1'000'000, 3), (Nonces{3, 5, 6}))
        << "the lowest, and not too many";
}

}  // namespace
}  // namespace emeth::chain
