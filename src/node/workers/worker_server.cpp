#include "node/workers/worker_server.hpp"

#include <fmt/format.h>

#include <utility>

#include "runtime/log.hpp"

namespace emeth::node {

namespace {

constexpr std::uint64_t json_rpc_bytes_max = 64 << 10;

}  // namespace

/// In the list of sessions for as long as it lives, also when its coroutine is cancelled.
class WorkerServer::Presence {
public:
    Presence(WorkerServer& server, SessionPtr session) : server_(server), session_(std::move(session)) {
        server_.connect(session_);
    }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;
    ~Presence() { server_.disconnect(session_, reason); }

    std::string reason = "the master ended the connection";

private:
    WorkerServer& server_;
    SessionPtr session_;
};

WorkerServer::WorkerServer(const asio::any_io_executor& executor, const crypto::PrivateKey& key,
                           WorkerServerOptions options, Clock& clock, Random& random)
    : executor_(executor), key_(key), options_(std::move(options)), clock_(clock), random_(random) {}

void WorkerServer::add_routes(http::Server& server) {
    server.route_websocket(std::string(worker_protocol::session_path),
                           [this](http::WebSocket socket, http::ServerRequest request) {
                               return serve(std::move(socket), std::move(request));
                           });
    server.route_json("GET", "/api/v1/workers", 0,
                      [this](http::ServerRequest request) { return list_workers(std::move(request)); });
    server.route("POST", "/api/json-rpc", json_rpc_bytes_max,
                 [this](http::ServerRequest request) { return json_rpc(std::move(request)); });
}

Task<> WorkerServer::serve(http::WebSocket socket, http::ServerRequest request) {
    const auto session = std::make_shared<WorkerSession>(executor_, std::move(socket), clock_);
    const auto greeted = co_await session->greet(key_, random_);
    session->peer = request.peer_address;
    std::optional<std::string> refusal;
    if (greeted.has_error()) refusal = greeted.error().message;
    if (!refusal) refusal = why_refused(*session, request.peer_address);
    if (refusal) {
        spdlog::warn("a worker from {} is refused: {}", request.peer_address, *refusal);
        co_await session->refuse(*refusal);
        co_return;
    }
    spdlog::info("worker {} connected from {}, holding {} JOBs", session->worker().hex(), request.peer_address,
                 session->held.size());
    Presence presence(*this, session);
    auto on_report = [this, session](worker_protocol::Report report) {
        return take_report(session, std::move(report));
    };
    presence.reason = co_await session->run(key_, std::move(on_report));
    spdlog::info("worker {} disconnected: {}", session->worker().hex(), presence.reason);
}

std::optional<std::string> WorkerServer::why_refused(const WorkerSession& session, const std::string& peer) const {
    if (!options_.workers.allows(peer, session.worker()))
        return fmt::format("neither {} nor {} is on the master's worker_whitelist", peer, session.worker().hex());
    if (sessions_.size() >= options_.workers_max && !sessions_.contains(session.worker()))
        return fmt::format("the master serves {} workers already, as many as it takes", sessions_.size());
    return std::nullopt;
}

void WorkerServer::connect(const SessionPtr& session) {
    const auto earlier = sessions_.find(session->worker());
    if (earlier != sessions_.end()) earlier->second->end("a newer connection of the same worker replaced it");
    sessions_[session->worker()] = session;
    if (recovered_) settle(*session);
    for (const auto& [job, reservation] : reservations_)
        if (reservation.worker == session->worker() && reservation.inbox)
            reservation.inbox->put_connection({0, reservation.lease, WorkerConnected{}});
    wake_waiters();
}

void WorkerServer::disconnect(const SessionPtr& session, const std::string& reason) {
    const auto current = sessions_.find(session->worker());
    if (current == sessions_.end() || current->second != session) return;  // replaced
    sessions_.erase(current);
    for (const auto& [job, reservation] : reservations_)
        if (reservation.worker == session->worker() && reservation.inbox)
            reservation.inbox->put_connection({0, reservation.lease, WorkerDisconnected{reason}});
}

Task<> WorkerServer::take_report(SessionPtr session, worker_protocol::Report report) {
    const bool is_progress = std::holds_alternative<worker_protocol::Progress>(report.body);
    for (;;) {
        const auto found = reservations_.find(report.job);
        const bool adopted = found != reservations_.end() && found->second.inbox;
        if (adopted && found->second.worker == session->worker() && found->second.lease == report.lease) {
            const std::shared_ptr<WorkerInbox> inbox = found->second.inbox;
            if (is_progress) co_return inbox->put_progress(std::move(report));
            if (co_await inbox->put(report)) co_return;
        } else if (adopted || recovered_) {
            co_return stop(*session, report.job, report.lease, !alive_.contains(report.job),
                           fmt::format("lease {} of the JOB does not stand", report.lease));
        } else {
            if (is_progress) co_return;
            co_await session->leases_changed.wait();  // the master has just started: its JOBs are being looked through
        }
    }
}

}  // namespace emeth::node
