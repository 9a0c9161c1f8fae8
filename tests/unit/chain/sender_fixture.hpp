// A wallet on a LedgerChain, with an outbox in memory and a clock that stands still.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bytes.hpp"
#include "chain/amount.hpp"
#include "chain/sender/outbox_policy.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "complete.hpp"
#include "ledger_chain.hpp"
#include "memory_outbox.hpp"
#include "unit/runtime/stepped_clock.hpp"

namespace emeth::chain::test {

using emeth::test::settle;
using emeth::test::Started;
using Entries = std::vector<storage::OutboxEntry>;

class SenderTest : public testing::Test {
protected:
    SenderTest() { restart(); }

    /// A new process on the same outbox: nothing in memory is kept.
    void restart() {
        SenderOptions options;
        options.chain_id = 60001;
        options.confirmations = confirmations;
        options.gas_price_max_gwei = gas_price_max_gwei;
        options.allowance_cap = allowance_cap;
        sender = std::make_unique<TransactionSender>(io.get_executor(), SenderPorts{chain, outbox, pool, clock, key},
                                                     options);
    }

    static Intent call(storage::TxKind kind = storage::TxKind::other) {
        Intent intent;
        intent.kind = kind;
        intent.to = core;
        intent.data = {1, 2, 3};
        intent.gas_limit = 50'000;
        return intent;
    }

    static Task<Result<void>> put(storage::Outbox* outbox, Entries entries) { co_return outbox->put(entries); }
    TransactionSender::Commit into_store() {
        return [this](Entries entries) { return put(&outbox, std::move(entries)); };
    }
    static Task<Result<void>> refuse() { co_return transient_error("disk full"); }

    storage::OutboxEntry send_one(storage::TxKind kind = storage::TxKind::other) {
        return complete(io, sender->send_and_store(call(kind))).value();
    }
    Result<Entries> deposit(std::uint8_t job, const Wei& amount) {
        return complete(io, sender->send_deposit(numbered<JobId>(job), amount, core, token, into_store()));
    }

    /// What sender->run() does, in the background; ended with the test.
    void start() {
        running = std::make_unique<Started<void>>(io, sender->run());
        settle(io);
    }
    void stop() {
        if (!running) return;
        running->cancel();
        settle(io);
        running.reset();
    }
    ~SenderTest() override { stop(); }
    /// One round of run().
    void round() { pass(Milliseconds(15'000)); }

    /// Advances the clock by `time` and lets whatever wakes up run.
    void pass(Milliseconds time) {
        clock.advance(time);
        settle(io);
    }

    static inline const Address core = numbered<Address>(0xc0);
    static inline const Address token = numbered<Address>(0x70);

    std::uint64_t confirmations = 1;
    std::uint64_t gas_price_max_gwei = 10'000;
    std::optional<Wei> allowance_cap;
    asio::io_context io;
    LedgerChain chain;
    MemoryOutbox outbox;
    BlockingPool pool{0};
    emeth::test::SteppedClock clock;
    crypto::PrivateKey key = std::move(crypto::PrivateKey::parse(std::string(62, '0') + "2a")).value();
    std::unique_ptr<TransactionSender> sender;
    std::unique_ptr<Started<void>> running;
};

}  // namespace emeth::chain::test
