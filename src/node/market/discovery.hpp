// Looks for JOBs: asks the JOB info server, checks on chain what it says, selects, and hands over what was chosen. Io
// thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "api_client/info_server_client.hpp"
#include "node/market/prospector.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
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
};

class Discovery {
public:
    /// Looked at in one round; the rest waits for the next, best fees first.
    static constexpr std::size_t candidates_per_round_max = 64;
    /// What was refused for the moment is looked at again after this.
    static constexpr Milliseconds second_look_after{60'000};

    /// Gets each JOB once, when it is durable.
    using TakeOn = std::function<void(statemachine::Job)>;

    /// `interval`: between rounds.
    Discovery(DiscoveryPorts ports, Milliseconds interval, TakeOn take_on)
        : ports_(ports), interval_(interval), take_on_(std::move(take_on)) {}

    /// Rounds for ever. A server that is down, or answers something else than JSON, is logged once and asked less often
    /// until it is back.
    Task<> run();
    /// One round: how many JOBs were chosen. An Error is that of a server or the store.
    Task<Result<std::size_t>> round();

private:
    struct Known {
        std::string reason_shape;        ///< of the refusal, without its numbers
        bool lasting = false;            ///< ours already, or unfit for ever
        Milliseconds second_look_at{0};  ///< monotonic
    };

    void forget_all_but(const std::vector<api_client::JobOffer>& offers);
    [[nodiscard]] bool is_due(const JobId& id) const;
    Task<Result<std::optional<statemachine::Job>>> find_own(JobId id);
    Task<Result<bool>> consider(JobId id, NodeView& view);
    Task<Result<void>> note_refusal(JobId id, Refused refused);

    DiscoveryPorts ports_;
    Milliseconds interval_;
    TakeOn take_on_;
    std::map<JobId, Known> known_;
    std::set<JobId> in_doubt_;  ///< the store failed while they were created
};

}  // namespace emeth::node
