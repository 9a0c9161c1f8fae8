// Watches the chain while a JOB holds a deposit and reports when the JOB ended there, what its submit drew, and what a
// reorganisation undid (chain_facts.hpp decides which). Io thread only.
#pragma once

#include <cstdint>
#include <optional>

#include "chain/chain.hpp"
#include "chain/sender/transaction_sender.hpp"
#include "node/pipeline/chain_facts.hpp"
#include "node/pipeline/end_reader.hpp"
#include "node/pipeline/interruptions.hpp"
#include "node/pipeline/reason_reader.hpp"
#include "runtime/clock.hpp"

namespace emeth::node {

class ChainWatch {
public:
    struct Ports {
        chain::Chain& chain;
        chain::TransactionSender& sender;
        api_client::ArtifactStore& artifacts;
        Clock& clock;
        const JobJournal& journal;
        Interruptions& interruptions;
    };
    /// All ports must outlive it.
    ChainWatch(Ports ports, ChainRules rules, Milliseconds poll_interval)
        : ports_(ports),
          rules_(rules),
          poll_interval_(poll_interval),
          ends_(ports.chain, ports.journal.id(), failed_reads_max),
          reasons_(ports.artifacts) {}

    /// Runs until cancelled. Findings go to the interruptions; a failing endpoint only delays them.
    Task<> run();

private:
    static constexpr std::uint32_t failed_reads_max = 60;  ///< of the end's receipt, a poll each

    Task<Result<std::optional<Fact>>> look();
    Task<Result<std::optional<Fact>>> read_end(chain::StatusLog log, std::optional<chain::StatusLog> submit);
    Task<Result<std::optional<Fact>>> find_reorganisation(std::vector<chain::StatusLog> logs);
    Task<Result<bool>> is_on_chain(statemachine::TxRef tx, std::vector<chain::StatusLog> logs);
    [[nodiscard]] const statemachine::Job& job() const { return ports_.journal.job(); }

    Ports ports_;
    ChainRules rules_;
    Milliseconds poll_interval_;
    EndReader ends_;
    ReasonReader reasons_;
};

}  // namespace emeth::node
