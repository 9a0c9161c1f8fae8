// The verifier: follows submitted JOBs, checks each artifact in an emeth-trainer child, and calls verify, rejectResult
// or timeout. Checks run side by side within a budget of memory and threads, smallest first (check_queue.hpp). Io
// thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "api_client/storage_api_client.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "network/verifier/check_queue.hpp"
#include "network/verifier/verifier_view.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"
#include "trainer_protocol/network_rules.hpp"

namespace emeth::network {

/// All must outlive the verifier. `sender`'s run() is awaited elsewhere.
struct VerifierPorts {
    chain::Chain& chain;
    chain::TransactionSender& sender;
    storage::Outbox& outbox;  ///< the sender's
    api_client::StorageApiClient& storage;
    Clock& clock;
    BlockingPool& pool;  ///< reads what is kept, in pieces
};

struct VerifierOptions {
    Address core;
    std::filesystem::path folder;           ///< one folder per JOB, until it has ended (job_folder.hpp); ReasonSender's
    std::filesystem::path trainer_program;  ///< emeth-trainer
    trainer_protocol::NetworkRules rules;
    std::uint32_t threads = 1;  ///< of each check
    CheckQueue::Budget budget{};
    Milliseconds poll_interval{1'000};
    std::uint64_t confirmations = 2;    ///< blocks before a submit's block is used for the draw
    Milliseconds patience{600'000};     ///< how long artifact or evidence may be missing before the result is rejected
    std::int64_t timeout_grace_s = 60;  ///< after the deadline, before timeout is called
};

/// As many checks of so many threads side by side as the machine has processors for, in three quarters of its memory.
CheckQueue::Budget budget_of_machine(std::uint32_t threads);

class Verifier {
public:
    Verifier(VerifierPorts ports, VerifierOptions options);
    ~Verifier();
    /// Runs until cancelled. A JOB whose data is currently unavailable is retried; no failure ends the verifier.
    Task<> run();
    /// For the checks that begin from now on.
    void set_limits(std::uint32_t threads, CheckQueue::Budget budget, Milliseconds patience);
    /// Sentences for /readyz: why it judges nothing now; none: it does.
    Task<std::vector<std::string>> why_not_ready() const;
    [[nodiscard]] VerifierView view() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace emeth::network
