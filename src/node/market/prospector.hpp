// Gathers what selection looks at: a JOB as shown by chain and Storage API, and the current state of the node. Io
// thread only.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api_client/info_server_client.hpp"
#include "api_client/storage_api_client.hpp"
#include "chain/chain.hpp"
#include "chain/chain_clock.hpp"
#include "node/market/payout_watch.hpp"
#include "node/market/preflight.hpp"
#include "node/market/selection.hpp"
#include "node/market/slot_watch.hpp"
#include "node/market/standstill.hpp"
#include "node/market/track_book.hpp"
#include "node/workers/worker_hub.hpp"
#include "runtime/blocking_pool.hpp"

namespace emeth::node {

/// What this node's JOBs still need: workers and deposits if they hold none yet, and gas money.
struct Commitments {
    std::size_t workers = 0;
    Wei deposits;                 ///< EMT wei
    std::uint64_t chain_gas = 0;  ///< of transactions that JOBs under way still need
};

class Prospector final : public Preflight {
public:
    /// `except`: the JOB being assessed, which does not compete with itself.
    using CommitmentsOf = std::function<Commitments(std::optional<JobId> except)>;

    /// All of it must outlive the prospector.
    struct Ports {
        chain::Chain& chain;
        api_client::ArtifactStore& artifacts;
        WorkerHub& workers;
        BlockingPool& pool;
        Clock& clock;
        PayoutWatch& payouts;
        const TrackBook& track;
        CommitmentsOf commitments;
    };
    struct Options {
        Address wallet;
        chain::Constants constants;
        SelectionPolicy policy;
        std::filesystem::path data;  ///< the folder whose disk space counts
    };

    Prospector(Ports ports, Options options);

    /// Reads the JOB afresh. An Error says what keeps the node from looking at it now: a server fails, or the dataset
    /// does not exist (yet).
    Task<Result<Candidate>> candidate(JobId id);
    Task<Result<NodeView>> view(std::optional<JobId> except);
    [[nodiscard]] Assessment judge(const Candidate& candidate, const NodeView& view) const {
        return select(candidate, view, options_.policy);
    }
    [[nodiscard]] std::optional<ValueBasis> value_basis(const Candidate& candidate, const NodeView& view) const {
        return value_basis_of(candidate, view, options_.policy);
    }
    /// The info server's offers, best first according to what it says about them.
    [[nodiscard]] std::vector<JobId> ranked(const std::vector<api_client::JobOffer>& offers,
                                            const NodeView& view) const;
    /// What was chosen, best first.
    [[nodiscard]] std::vector<JobId> ranked(const std::vector<Chosen>& chosen) const;
    /// What holds for every JOB, whatever is on offer: sentences of node/market/standstill.hpp.
    [[nodiscard]] std::vector<std::string> standstill(const NodeView& view) const;
    [[nodiscard]] Wei smallest_deposit(const NodeView& view) const {
        return node::smallest_deposit(view, options_.policy);
    }
    /// Tells the log of it; the money is known only from a view.
    void log_workers(StandstillLog& log) const { log.look_at_workers(ports_.workers.workers()); }
    void log_money(StandstillLog& log, const NodeView& view) const {
        log.look_at_money(view, options_.policy, options_.wallet);
    }
    /// From now on JOBs are judged by this.
    void set_policy(SelectionPolicy policy) { options_.policy = std::move(policy); }
    /// Idle workers that no JOB of this node waits for.
    [[nodiscard]] std::size_t free_workers(std::optional<JobId> except) const;

    Task<Result<Assessment>> assess_again(statemachine::Terms terms, chain::JobRecord record) override;

private:
    Ports ports_;
    Options options_;
    chain::ChainClock chain_clock_;
    SlotWatch slots_;
};

}  // namespace emeth::node
