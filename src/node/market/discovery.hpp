// Looks for JOBs: asks the JOB info server what is open, assesses each offer by what the chain says about it, ranks
// what was chosen, and takes the best for as long as workers, deposits and gas money last. Io thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api_client/clock_offset.hpp"
#include "api_client/info_server_client.hpp"
#include "node/market/prospector.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/reminder.hpp"
#include "runtime/retry_policy.hpp"
#include "storage/job_store.hpp"
#include "storage/notes.hpp"

namespace emeth::node {

/// All must outlive the discovery.
struct DiscoveryPorts {
    api_client::InfoServer& info_server;
    Prospector& prospector;
    storage::JobStore& jobs;
    storage::Notes& notes;
    BlockingPool& pool;
    Clock& clock;
    Random& random;
    const api_client::NetworkClock* network_clock = nullptr;  ///< none: nothing is known about this machine's clock
};

class Discovery {
public:
    /// Assessed per round, best first according to the info server; the rest waits for the next round.
    static constexpr std::size_t candidates_per_round_max = 64;
    /// A JOB that was refused only for the moment is assessed again after this.
    static constexpr Milliseconds second_look_after{60'000};
    /// One that could not be looked at (its dataset is missing, a server fails) waits longer each time, also across
    /// restarts, and holds up no other.
    static constexpr RetryPolicy trouble_policy{second_look_after, 2, Milliseconds(600'000), 0.25};
    /// So many verdicts are remembered, and then only those on JOBs in the present list.
    static constexpr std::size_t known_max = 20'000;
    /// So many JOBs in a row that a server failed at end a round: it is not their fault, then.
    static constexpr std::uint32_t troubles_in_a_row_max = 3;

    /// What keeps the node from looking at a JOB now.
    struct Standing {
        std::string reason;
        std::optional<std::int64_t> next_look_at_unix_ms;  ///< none: it is unfit until the node is started again
    };

    /// Receives each JOB once, when it is durable.
    using TakeOn = std::function<void(statemachine::Job)>;

    /// `interval`: between rounds.
    Discovery(DiscoveryPorts ports, Milliseconds interval, TakeOn take_on)
        : ports_(ports),
          interval_(interval),
          take_on_(std::move(take_on)),
          clock_is_off_(ports.clock),
          standstill_(ports.clock) {}

    /// Runs rounds forever. A server that is down, or answers something other than JSON, is logged once and asked less
    /// often until it is back.
    Task<> run();
    /// One round: returns how many JOBs were taken. An Error comes from a server or the store; what was chosen before a
    /// server failed is taken all the same.
    Task<Result<std::size_t>> round();
    /// Every JOB that was refused is looked at again: the policy has changed.
    void forget_refusals();
    /// None for a JOB that the next round looks at.
    [[nodiscard]] std::optional<Standing> standing(const JobId& id) const;

private:
    /// What was chosen in this round.
    struct Shortlist {
        std::vector<Chosen> chosen;
        std::map<JobId, Candidate> candidates;
        std::uint32_t troubles_in_a_row = 0;
    };
    struct Known {
        std::string reason;          ///< of the refusal; empty: ours already
        bool lasting = false;        ///< ours already, or permanently unfit
        std::uint32_t failures = 0;  ///< to look at it, in a row
        std::int64_t next_look_at_unix_ms = 0;
    };

    [[nodiscard]] bool clock_may_deposit(std::int64_t chain_now_unix_s);
    void forget_all_but(const std::vector<api_client::JobOffer>& offers);
    Task<Result<std::optional<statemachine::Job>>> find_own(JobId id);
    Task<Result<void>> assess(std::vector<JobId> offered, const NodeView& view, Shortlist& shortlist);
    Task<Result<void>> assess(JobId id, const NodeView& view, Shortlist& shortlist);
    Task<Result<std::size_t>> take_best(Shortlist shortlist, NodeView& view);
    Task<Result<bool>> take(const Chosen& chosen);
    Task<Result<bool>> ask_drained();
    Task<Result<void>> restore();
    Task<Result<void>> note_refusal(JobId id, Refused refused);
    Task<Result<void>> note_trouble(JobId id, Error error);
    Task<Result<void>> store(storage::RefusedJob refusal);

    DiscoveryPorts ports_;
    Milliseconds interval_;
    TakeOn take_on_;
    bool restored_ = false;
    Reminder clock_is_off_;
    StandstillLog standstill_;
    std::map<JobId, Known> known_;
    std::set<JobId> in_doubt_;  ///< the store failed while they were created
};

}  // namespace emeth::node
