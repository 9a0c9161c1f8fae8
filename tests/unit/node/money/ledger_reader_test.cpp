// Reading a ledger from chains that are short, pruned, reorganised or silent, beside an outbox that knows more or less
// than they do.
#include "node/money/ledger_reader.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "chain/amount.hpp"
#include "chain/encoding/abi.hpp"
#include "chain/encoding/token_transfers.hpp"
#include "chain/encoding/transaction.hpp"
#include "crypto/private_key.hpp"
#include "support/fake_chain.hpp"
#include "support/io_fixture.hpp"

namespace emeth::test {
namespace {

using node::LedgerKind;
using storage::OutboxEntry;
using storage::TxKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Address core = repeated<Address>(2), token = repeated<Address>(3), other = repeated<Address>(4);
const JobId job = repeated<JobId>(0xaa);

Wei coins(std::string_view text) {
    return chain::parse_coins(text).value();
}

crypto::PrivateKey key_number(char digit) {
    return crypto::PrivateKey::parse(std::string(64, digit)).value();
}

template <class T>
Result<T> kept(const std::map<std::uint64_t, T>& states, std::uint64_t block) {
    const auto state = states.find(block);
    if (state == states.end()) return permanent_error("missing trie node");
    return state->second;
}

/// Keeps the states that a test gives it.
class FakeArchive final : public chain::Archive {
public:
    std::map<std::uint64_t, Wei> emt, alt;
    std::map<std::uint64_t, std::uint64_t> counts;
    std::vector<chain::Log> transfers;
    std::function<void()> meanwhile = [] {};

    Task<Result<Wei>> emt_balance_at(Address, std::uint64_t block) override { co_return kept(emt, block); }
    Task<Result<Wei>> alt_balance_at(Address, std::uint64_t block) override { co_return kept(alt, block); }
    Task<Result<std::uint64_t>> transaction_count_at(Address, std::uint64_t block) override {
        co_return kept(counts, block);
    }
    Task<Result<std::vector<chain::Log>>> emt_transfers(Address, std::uint64_t from_block,
                                                        std::uint64_t to_block) override {
        std::vector<chain::Log> found;
        std::ranges::copy_if(transfers, std::back_inserter(found),
                             [&](const chain::Log& log) { return log.block >= from_block && log.block <= to_block; });
        meanwhile();
        co_return found;
    }
};

class ForgetfulChain final : public FakeChain {
public:
    bool forgets = false;
    int failing_receipts = 0;  ///< so many times in a row
    Task<Result<Wei>> unlogged_emt_gain(Address account, std::uint64_t block) override {
        if (forgets) co_return permanent_error("missing trie node");
        co_return co_await FakeChain::unlogged_emt_gain(account, block);
    }
    Task<Result<std::optional<chain::Receipt>>> receipt(Hash256 transaction) override {
        if (failing_receipts-- > 0) co_return transient_error("answered 503");
        co_return co_await FakeChain::receipt(transaction);
    }
};

/// Does not wait.
class HastyClock final : public Clock {
public:
    [[nodiscard]] std::int64_t unix_ms() const override { return 0; }
    [[nodiscard]] Milliseconds monotonic() const override { return Milliseconds(0); }
    Task<> sleep(Milliseconds) override { co_return; }
};

class LedgerReaderTest : public IoFixture {
protected:
    LedgerReaderTest() {
        chain.network.core = core;
        chain.network.token = token;
    }

    void transfer(const Address& from, const Address& to, std::string_view value, std::uint64_t block,
                  const Hash256& transaction) {
        chain::Log log;
        log.address = token;
        log.topics = {chain::transfer_event_topic(), chain::abi::word_of(from), chain::abi::word_of(to)};
        const Wei amount = coins(value);
        log.data.assign(amount.bytes.begin(), amount.bytes.end());
        log.block = block;
        log.transaction = transaction;
        archive.transfers.push_back(log);
    }

    OutboxEntry signed_entry(TxKind kind, std::uint64_t nonce) const {
        chain::Transaction transaction;
        transaction.chain_id = 1;
        transaction.nonce = nonce;
        const chain::SignedTransaction made = chain::sign(transaction, key);
        OutboxEntry entry;
        entry.nonce = nonce;
        entry.kind = kind;
        entry.hash = made.hash;
        entry.raw = made.raw;
        return entry;
    }
    /// In the outbox and on the chain, with 100 gas at `price` wei.
    void mined(TxKind kind, std::uint64_t nonce, std::uint64_t block, std::uint64_t price) {
        OutboxEntry entry = signed_entry(kind, nonce);
        entry.mined_block = block;
        outbox.push_back(entry);
        receipt(entry.hash, block, price);
    }
    void receipt(const Hash256& transaction, std::uint64_t block, std::uint64_t price) {
        chain.receipts[transaction] = {transaction, block, {}, true, 100, wei(price), {}};
    }

    Result<node::LedgerReport> read() {
        entries.clear();
        const node::LedgerPorts ports{chain, archive, clock};
        return run(node::read_ledger(
            ports, question, [this] { return Result<std::vector<OutboxEntry>>(outbox); },
            [this](const node::LedgerEntry& entry) { entries.push_back(entry); }));
    }
    [[nodiscard]] std::vector<std::uint64_t> blocks_with_entries() const {
        std::vector<std::uint64_t> blocks;
        for (const node::LedgerEntry& entry : entries) blocks.push_back(entry.block);
        return blocks;
    }
    std::int64_t time_of(std::uint64_t block) { return run(chain.block(block)).value()->timestamp_unix_s; }

    ForgetfulChain chain;
    FakeArchive archive;
    HastyClock clock;
    const crypto::PrivateKey key = key_number('1');
    const Address wallet = key.address();
    node::LedgerQuestion question{{wallet, core}, 1, {}, {}};
    std::vector<OutboxEntry> outbox;
    std::vector<node::LedgerEntry> entries;
};

TEST_F(LedgerReaderTest, AddsUpToTheBalances) {
    chain.request(job, other, "text.txt", "{}", coins("30"), 2'000'000'000);
    chain.process(job, wallet);
    const std::uint64_t taken = chain.head();
    transfer(wallet, core, "30", taken, run(chain.core_logs(taken, taken)).value().at(0).transaction);
    chain.submit(job, "result");
    chain.verify(job, 5);
    const std::uint64_t head = chain.head();
    transfer(core, wallet, "50", head, run(chain.core_logs(head, head)).value().at(0).transaction);
    mined(TxKind::process, 0, taken, 3);
    mined(TxKind::submit, 1, taken + 1, 2);
    archive.emt = {{0, coins("100")}, {head, coins("120")}};
    archive.alt = {{0, wei(10'000)}, {head, wei(9'400)}};
    archive.counts = {{0, 0}, {head, 2}};

    const node::LedgerReport report = read().value();
    EXPECT_EQ(report.first_block, 1U);
    EXPECT_EQ(report.last.number, head);
    EXPECT_EQ(report.sums.emt(LedgerKind::deposit), -chain::to_signed(coins("30")));
    EXPECT_EQ(report.sums.emt(LedgerKind::fee), chain::to_signed(coins("20")));
    EXPECT_EQ(report.unexplained_emt().value(), 0);
    EXPECT_EQ(report.sums.alt(), -500);
    EXPECT_EQ(report.alt_besides_gas().value(), -100);
    EXPECT_EQ(report.foreign_transactions().value(), 0U);
    EXPECT_EQ(entries.back().block_unix_s, time_of(head));

    archive.transfers.pop_back();
    EXPECT_EQ(read()->unexplained_emt().value(), chain::to_signed(coins("50"))) << "the endpoint leaves out a log";
}

TEST_F(LedgerReaderTest, ReadsLongChainsInPiecesWithoutAGap) {
    chain.mine(4'100);
    for (const std::uint64_t block : {1U, 2'000U, 2'001U, 4'000U, 4'001U, 4'100U})
        transfer(other, wallet, "1", block, repeated<Hash256>(7));
    mined(TxKind::approve, 0, 2'000, 1);
    mined(TxKind::approve, 1, 2'001, 1);
    ASSERT_TRUE(read().has_value());
    EXPECT_THAT(blocks_with_entries(), ElementsAre(1U, 2'000U, 2'000U, 2'001U, 2'001U, 4'000U, 4'001U, 4'100U));
}

TEST_F(LedgerReaderTest, OfAReplacedTransactionTheVariantThatIsMinedCounts) {
    chain.mine(5);
    OutboxEntry pending = signed_entry(TxKind::submit, 0);
    pending.replacements.push_back({repeated<Hash256>(9), {}, 0});
    outbox.push_back(pending);
    receipt(repeated<Hash256>(9), 4, 7);
    EXPECT_EQ(read()->sums.alt(), -700) << "also before the node knows that it is mined";
    EXPECT_EQ(entries.at(0).transaction, repeated<Hash256>(9));
}

TEST_F(LedgerReaderTest, ATransactionCountsWhereItWasMinedAgain) {
    chain.mine(10);
    mined(TxKind::submit, 0, 7, 1);
    outbox.back().mined_block = 8;
    question.to_unix_s = time_of(8);
    ASSERT_TRUE(read().has_value());
    EXPECT_THAT(blocks_with_entries(), ElementsAre(7U));
    question.from_unix_s = question.to_unix_s;
    question.to_unix_s.reset();
    ASSERT_TRUE(read().has_value());
    EXPECT_THAT(entries, IsEmpty());
}

TEST_F(LedgerReaderTest, ReadsConfirmedBlocksOfTheDaysThatAreAskedForAlone) {
    chain.mine(10);
    for (std::uint64_t block = 1; block <= 10; ++block) transfer(other, wallet, "1", block, repeated<Hash256>(7));
    question.confirmations = 3;
    EXPECT_EQ(read()->last.number, 8U);
    question.from_unix_s = time_of(3);
    question.to_unix_s = time_of(6);
    const node::LedgerReport report = read().value();
    EXPECT_EQ(report.first_block, 3U);
    EXPECT_EQ(report.last.number, 5U);
    EXPECT_THAT(blocks_with_entries(), ElementsAre(3U, 4U, 5U));
}

TEST_F(LedgerReaderTest, SaysWhichBlockIsTheLastWhereNoneIsInTheRange) {
    chain.mine(10);
    question.from_unix_s = time_of(10) + 1;
    EXPECT_THAT(read().error().message, HasSubstr("the last one before its end that has 1 confirmations is 10 of "));
    question.from_unix_s.reset();
    question.confirmations = 12;
    EXPECT_FALSE(read().has_value());
}

TEST_F(LedgerReaderTest, APrunedEndpointCannotBeCheckedAgainst) {
    chain.mine(10);
    archive.emt[10] = coins("1");
    transfer(other, wallet, "1", 5, repeated<Hash256>(7));
    EXPECT_EQ(read()->unexplained_emt().value(), 0) << "at block 0 there was no token";
    question.from_unix_s = time_of(3);
    const node::LedgerReport report = read().value();
    EXPECT_THAT(report.unexplained_emt().error().message, HasSubstr("missing trie node"));
    EXPECT_FALSE(report.alt_besides_gas().has_value());
    EXPECT_FALSE(report.foreign_transactions().has_value());
}

TEST_F(LedgerReaderTest, ARewardThatNobodyKnowsIsNotTakenForNothing) {
    chain.mine(10);
    mined(TxKind::withdraw, 0, 5, 1);
    archive.emt = {{0, coins("0")}, {10, coins("7")}};
    chain.unlogged_gains[5] = coins("7");
    EXPECT_EQ(read()->unexplained_emt().value(), 0);
    EXPECT_EQ(read()->sums.emt(LedgerKind::reward), chain::to_signed(coins("7")));
    chain.forgets = true;
    EXPECT_EQ(read()->unknown_rewards, 1U);
    EXPECT_THAT(read()->unexplained_emt().error().message, HasSubstr("what 1 withdrawals of rewards brought"));
}

TEST_F(LedgerReaderTest, CountsWhatTheOutboxOrTheEndpointDoesNotKnow) {
    chain.mine(10);
    mined(TxKind::approve, 0, 4, 1);
    mined(TxKind::approve, 1, 5, 1);
    chain.receipts.erase(outbox.back().hash);
    archive.counts = {{0, 0}, {10, 5}};
    const node::LedgerReport report = read().value();
    EXPECT_EQ(report.own_transactions, 1U);
    EXPECT_EQ(report.without_receipt, 1U);
    EXPECT_EQ(report.foreign_transactions().value(), 4U);
}

TEST_F(LedgerReaderTest, AReceiptWithoutAPriceIsToldAndNotTakenForFreeGas) {
    chain.mine(10);
    mined(TxKind::approve, 0, 4, 0);
    EXPECT_EQ(read()->without_receipt, 1U);
}

TEST_F(LedgerReaderTest, AnEndpointThatFailsForAMomentIsAskedAgain) {
    chain.mine(10);
    mined(TxKind::approve, 0, 4, 1);
    chain.failing_receipts = 3;
    EXPECT_EQ(read()->own_transactions, 1U);
    chain.failing_receipts = 4;
    EXPECT_THAT(read().error().message, HasSubstr("answered 503"));
}

TEST_F(LedgerReaderTest, RefusesTheFolderOfAnotherWallet) {
    chain.mine(10);
    mined(TxKind::approve, 0, 4, 1);
    question.parties.wallet = other;
    const Error error = read().error();
    EXPECT_THAT(error.message, HasSubstr(wallet.hex()));
    EXPECT_THAT(error.message, HasSubstr("give the settings with which this folder's master runs"));
}

TEST_F(LedgerReaderTest, NoticesAReorganisation) {
    chain.mine(10);
    archive.meanwhile = [this] { chain.reorganise(2, 3); };
    EXPECT_THAT(read().error().message, HasSubstr("reorganised while it was read: block 10 is another one now"));
}

}  // namespace
}  // namespace emeth::test
