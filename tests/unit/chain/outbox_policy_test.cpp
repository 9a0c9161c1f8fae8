#include "chain/outbox_policy.hpp"

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
    EXPECT_EQ(nonce_after({}), 0u);
    EXPECT_EQ(nonce_after({entry(4), entry(7), entry(5)}), 8u);
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

TEST(OutboxPolicy, KeepsTheOrderOfNonces) {
    const std::vector<OutboxEntry> left = untaken({entry(7), entry(3), entry(5)}, 5);
    ASSERT_EQ(left.size(), 2u);
    EXPECT_EQ(left[0].nonce, 5u);
    EXPECT_EQ(left[1].nonce, 7u);
}

TEST(OutboxPolicy, NoticesThatTheChainWentBack) {
    EXPECT_TRUE(covers_untaken({}, 5, 5));
    EXPECT_TRUE(covers_untaken({}, 9, 5));
    EXPECT_TRUE(covers_untaken({entry(3), entry(4)}, 3, 5));
    EXPECT_FALSE(covers_untaken({entry(4)}, 3, 5));
}

}  // namespace
}  // namespace emeth::chain
