// Idle workers that train a share of another's JOB (cooperative=nvm): called, and left to themselves. What they do is
// neither durable nor waited for.
#include <utility>

#include "node/workers/worker_server.hpp"
#include "runtime/ip_address.hpp"
#include "runtime/log.hpp"

namespace emeth::node {
namespace {

/// Its trainer may have died, or its dataset's URL expired.
constexpr Milliseconds call_again_after{60'000};

}  // namespace

/// None when what it was called for is over.
std::optional<JobId> WorkerServer::helped_by(const WorkerSession& session) const {
    if (!session.help) return std::nullopt;
    const auto found = reservations_.find(session.help->job);
    const bool stands =
        found != reservations_.end() && found->second.hold == Hold::work && found->second.lease == session.help->lease;
    return stands ? std::optional(session.help->job) : std::nullopt;
}

/// A leader that listens on its loopback address is reached from its own machine alone.
std::vector<WorkerServer::SessionPtr> WorkerServer::callable_helpers(
    const JobId& job, const trainer_protocol::Rendezvous& rendezvous) const {
    std::vector<SessionPtr> helpers;
    const auto reserved = reservations_.find(job);
    if (!recovered_ || !waiting_turns_.empty() || reserved == reservations_.end() ||
        reserved->second.hold != Hold::work)
        return helpers;
    const auto leader = sessions_.find(reserved->second.worker);
    if (leader == sessions_.end()) return helpers;
    for (const auto& [worker, session] : sessions_) {
        const bool idle = !job_of(worker) && rest_of(worker) == Milliseconds::zero();
        const bool reaches = !is_loopback(rendezvous.host) || session->peer == leader->second->peer;
        const bool called = session->help && session->help->token == rendezvous.token &&
                            clock_.monotonic() < session->help->called_at + call_again_after;
        const auto helped = helped_by(*session);
        const bool elsewhere = helped && *helped != job;
        if (idle && reaches && !called && !elsewhere) helpers.push_back(session);
    }
    return helpers;
}

std::size_t WorkerServer::helpers_to_call(const JobId& job, const trainer_protocol::Rendezvous& rendezvous) const {
    return callable_helpers(job, rendezvous).size();
}

Task<> WorkerServer::order(worker_protocol::Join order) {
    const JobId job = order.work.job;
    if (!session_of(job, order.work.lease)) co_return;
    for (const SessionPtr& session : callable_helpers(job, order.rendezvous)) {
        const bool first = !session->help || session->help->token != order.rendezvous.token;
        if (first) spdlog::info("worker {} is called to help with JOB {}", session->worker().hex(), job.hex());
        const bool had_files =
            session->help && session->help->job == job ? session->help->had_files : session->held.contains(job);
        session->help = {job, order.work.lease, order.rendezvous.token, clock_.monotonic(), had_files};
        session->held[job] = order.work.lease;
        session->send(order);
    }
}

}  // namespace emeth::node
