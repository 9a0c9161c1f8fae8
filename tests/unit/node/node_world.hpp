// One JOB's pipeline over a real store and faked surroundings, in virtual time: a block and a verifier's look every
// virtual second.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "chain/sender/transaction_sender.hpp"
#include "crashing_store.hpp"
#include "crypto/private_key.hpp"
#include "executing_chain.hpp"
#include "fake_artifacts.hpp"
#include "fake_hub.hpp"
#include "node/pipeline/pipeline.hpp"
#include "runtime/spawned_task.hpp"
#include "runtime/task_group.hpp"
#include "support/temporary_folder.hpp"
#include "virtual_clock.hpp"

namespace emeth::test {

/// Always returns the midpoint, so that back-offs are the same in every run.
class HalfwayRandom final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), std::uint8_t{0x80}); }
};

class FakePreflight final : public node::Preflight {
public:
    std::optional<node::Refused> refusal;
    Task<Result<node::Assessment>> assess_again(statemachine::Terms terms, chain::JobRecord record) override {
        if (refusal) co_return node::Assessment(*refusal);
        node::Chosen chosen;
        chosen.terms = std::move(terms);
        chosen.deposit = record.fee;
        co_return node::Assessment(std::move(chosen));
    }
};

class NodeWorld : public ::testing::Test {
protected:
    NodeWorld();
    ~NodeWorld() override;

    /// Starts a process of the node: the stored record's pipeline and the sender. `fresh`: it created the JOB itself.
    void start(bool fresh = false);
    /// As if by SIGKILL: only the store survives.
    void kill();
    /// Lets virtual time pass until `done`; false after `virtual_seconds`, or when the process has ended by itself.
    bool run_until(const std::function<bool()>& done, int virtual_seconds = 3'600);
    bool run_until_state(statemachine::State state, int virtual_seconds = 3'600) {
        return run_until([this, state] { return record().state == state; }, virtual_seconds);
    }
    void run_for(int virtual_seconds) {
        run_until([] { return false; }, virtual_seconds);
    }

    /// The stored record.
    [[nodiscard]] statemachine::Job record();
    /// How often an event of this kind is in the history, accepted.
    template <class Event>
    int count();
    /// The attempts of all failed steps, in their order.
    [[nodiscard]] std::vector<std::uint32_t> failed_attempts();
    /// Every invariant of a JOB that was verified: one deposit, one submit, a history that replays.
    void expect_verified_once();

    node::Pipeline& pipeline() { return *process_->pipeline; }
    [[nodiscard]] bool process_ended() const { return process_ == nullptr || process_->ended; }
    [[nodiscard]] bool process_crashed() const { return process_ != nullptr && process_->crashed; }

    static inline const JobId job_id = repeated<JobId>(0x11);
    static inline const Address requester = repeated<Address>(0x22);
    static inline const Address other_node = repeated<Address>(0x33);
    static inline const Address worker_1 = repeated<Address>(0x01);
    static inline const Address worker_2 = repeated<Address>(0x02);

    asio::io_context io{1};
    TemporaryFolder folder;
    VirtualClock clock{io.get_executor()};
    std::unique_ptr<storage::NodeStore> real_store;
    std::unique_ptr<CrashingStore> store;
    BlockingPool pool{0};
    HalfwayRandom random;
    ExecutingChain chain;
    FakeArtifacts artifacts;
    FakeHub hub{io.get_executor(), clock};
    FakePreflight preflight;
    node::ProgressBoard progress;
    crypto::PrivateKey key =
        crypto::PrivateKey::parse("0x4646464646464646464646464646464646464646464646464646464646464646").value();
    node::PipelineSettings settings;
    std::optional<Wei> allowance_cap;
    statemachine::Artifact artifact;
    bool verifier_verifies = true;

private:
    struct Process {
        explicit Process(asio::any_io_executor executor) : running(std::move(executor)) {}

        std::unique_ptr<chain::TransactionSender> sender;
        std::unique_ptr<node::Pipeline> pipeline;
        SpawnedTask running;
        bool ended = false;
        bool crashed = false;
    };
    Task<> run_process(Process& process, std::string reason);
    static Task<> drive(Process& process, std::string reason, TaskGroup& group);
    void tick();

    std::unique_ptr<Process> process_;
};

template <class Event>
int NodeWorld::count() {
    const auto history = real_store->jobs().history(job_id);
    int found = 0;
    for (const auto& entry : history.value())
        found += !entry.rejection && std::holds_alternative<Event>(entry.event.body) ? 1 : 0;
    return found;
}

}  // namespace emeth::test
