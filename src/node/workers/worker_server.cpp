#include "node/workers/worker_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "http/forwarded.hpp"
#include "runtime/log.hpp"
#include "runtime/subject_log.hpp"
#include "runtime/utf8.hpp"

namespace emeth::node {
namespace {

/// "nano at 21000 tokens/s, d256 at 3100 tokens/s".
std::string presets_of(const worker_protocol::Fitness& fitness) {
    std::string text;
    for (const auto& [model, tokens_per_s] : fitness.tokens_per_s)
        text += fmt::format("{}{} at {:.0f} tokens/s", text.empty() ? "" : ", ", model, tokens_per_s);
    return text.empty() ? "nothing" : text;
}

}  // namespace

/// Keeps a session listed for as long as it lives, even if its coroutine is cancelled.
class WorkerServer::Presence {
public:
    Presence(WorkerServer& server, SessionPtr session, const std::string& peer)
        : server_(server), session_(std::move(session)) {
        server_.connect(session_, peer);
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
    : executor_(executor),
      key_(key),
      options_(std::move(options)),
      clock_(clock),
      random_(random),
      reservations_(executor, clock, [this](const Address& worker, worker_protocol::Stop stop) {
          if (const SessionPtr session = session_of(worker)) session->send(stop);
      }) {}

void WorkerServer::add_session_route(http::Server& server, std::string scheme) {
    server.route_websocket(
        std::string(worker_protocol::session_path),
        [this, &server, scheme = std::move(scheme)](http::WebSocket socket, http::ServerRequest request) {
            return serve(std::move(socket), std::move(request), scheme, server.port());
        });
}

Task<> WorkerServer::serve(http::WebSocket socket, http::ServerRequest request, std::string scheme,
                           std::uint16_t port) {
    const auto session =
        std::make_shared<WorkerSession>(executor_, std::move(socket), http::known_address(request), clock_);
    const auto greeted = co_await session->greet(key_, random_);
    std::optional<std::string> refusal;
    if (greeted.has_error()) refusal = greeted.error().message;
    if (!refusal) refusal = why_refused(*session, request, scheme, port);
    if (!refusal && !request.keep_place()) refusal = "the master has no place for one more worker's connection";
    if (refusal) {
        refusals_.note("a worker is refused", request.peer_address, *refusal);
        for (const std::string& line : refusals_.due(clock_.monotonic())) spdlog::warn(line);
        co_await session->refuse(*refusal);
        co_return;
    }
    log_of(session->worker())
        .info("{} connected from {}, holding {} JOBs", session->worker().hex(), request.peer_address,
              session->held().size());
    Presence presence(*this, session, http::known_address(request));
    WorkerSession::Handlers handlers;
    handlers.on_report = [this, session](worker_protocol::Report report) {
        return reservations_.deliver(session->worker(), std::move(report));
    };
    handlers.on_fitness = [this, session](worker_protocol::Fitness fitness) { learn(session, std::move(fitness)); };
    presence.reason = co_await session->run(key_, std::move(handlers));
    log_of(session->worker()).info("disconnected: {}", presence.reason);
}

/// A worker that does not become fit is a matter for the operator, so it is told; one that stays fit is not.
void WorkerServer::learn(const SessionPtr& session, worker_protocol::Fitness fitness) {
    if (session_of(session->worker()) != session) return;  // a newer connection has replaced it
    const auto infos = workers();
    const auto known = std::ranges::find(infos, session->worker(), &WorkerInfo::address);
    const bool is_news = known == infos.end() || !known->fitness || known->fitness->unfit != fitness.unfit;
    if (is_news && fitness.unfit.empty()) log_of(session->worker()).info("is fit: it trains {}", presets_of(fitness));
    if (is_news && !fitness.unfit.empty())
        log_of(session->worker()).warn("is not fit and gets no JOB: {}", one_line(fitness.unfit));
    reservations_.set_fitness(session->worker(), std::move(fitness));
}

bool WorkerServer::is_allowed(const WorkerSession& session) const {
    return always_allowed_.contains(session.worker()) || options_.workers.allows(session.caller(), session.worker());
}

void WorkerServer::set_whitelists(Whitelist workers, Whitelist admins) {
    options_.workers = std::move(workers);
    options_.admins = std::move(admins);
    for (const auto& [worker, session] : std::map(sessions_))
        if (!is_allowed(*session)) session->end("it is no longer on the master's worker_whitelist");
}

std::optional<std::string> WorkerServer::why_refused(const WorkerSession& session, const http::ServerRequest& request,
                                                     std::string_view scheme, std::uint16_t port) const {
    if (auto foreign = options_.origins.why_foreign(session.dialled(), request.peer_address, scheme, port))
        return foreign;
    if (!is_allowed(session)) {
        const auto known = http::refuse_unnamed_proxy(request);
        return fmt::format("neither {} nor {} is on the master's worker_whitelist{}{}", request.peer_address,
                           session.worker().hex(), known.has_error() ? "; " : "",
                           known.has_error() ? known.error().message : "");
    }
    const bool is_expected = sessions_.contains(session.worker()) || options_.workers.names(session.worker()) ||
                             always_allowed_.contains(session.worker());
    if (sessions_.size() >= options_.workers_max && !is_expected)
        return fmt::format("the master serves {} workers already, as many as it takes", sessions_.size());
    return std::nullopt;
}

void WorkerServer::connect(const SessionPtr& session, const std::string& peer) {
    const auto earlier = sessions_.find(session->worker());
    if (earlier != sessions_.end()) earlier->second->end("a newer connection of the same worker replaced it");
    sessions_[session->worker()] = session;
    reservations_.connect(session->worker(), {session->power_capacity(), peer, session->held(), std::nullopt,
                                              session->cooperative_host()});
}

void WorkerServer::disconnect(const SessionPtr& session, const std::string& reason) {
    const auto current = sessions_.find(session->worker());
    if (current == sessions_.end() || current->second != session) return;  // replaced
    sessions_.erase(current);
    reservations_.disconnect(session->worker(), reason);
}

WorkerServer::SessionPtr WorkerServer::session_of(const std::optional<Address>& worker) const {
    const auto session = worker ? sessions_.find(*worker) : sessions_.end();
    return session == sessions_.end() ? nullptr : session->second;
}

void WorkerServer::send_to_holder(const JobId& job, std::uint64_t lease, const worker_protocol::FromMaster& order) {
    if (const SessionPtr session = session_of(reservations_.book().holder(job, lease))) session->send(order);
}

Task<Address> WorkerServer::reserve(JobId job, WorkerWish wish) {
    return reservations_.reserve(job, std::move(wish));
}

std::shared_ptr<WorkerInbox> WorkerServer::adopt(JobId job, std::uint64_t lease, Address worker, Hold hold) {
    return reservations_.adopt(job, lease, worker, hold);
}

void WorkerServer::release(JobId job, bool forget, std::string reason) {
    reservations_.release(job, forget, reason);
}

Task<> WorkerServer::acknowledge(JobId job, std::uint64_t report_id) {
    if (const SessionPtr session = session_of(reservations_.book().holder(job)))
        session->send(worker_protocol::Ack{report_id});
    co_return;
}

Task<> WorkerServer::order(worker_protocol::Assign order) {
    reservations_.book().note_files(order.job, order.lease);
    send_to_holder(order.job, order.lease, order);
    co_return;
}

Task<> WorkerServer::order(worker_protocol::Upload order) {
    send_to_holder(order.job, order.lease, order);
    co_return;
}

Task<> WorkerServer::order(worker_protocol::Evidence order) {
    reservations_.book().note_files(order.job, order.lease);
    send_to_holder(order.job, order.lease, order);
    co_return;
}

std::size_t WorkerServer::helpers_to_call(const JobId& job, const trainer_protocol::Rendezvous& rendezvous) const {
    return reservations_.book().helpers_to_call(job, rendezvous, clock_.monotonic());
}

/// Helpers are called and then left to themselves: what they do is neither durable nor waited for.
Task<> WorkerServer::order(worker_protocol::Join order) {
    const JobId job = order.work.job;
    const auto calls = reservations_.book().call_helpers(job, order.work.lease, order.rendezvous, clock_.monotonic());
    for (const auto& call : calls) {
        if (call.first) log_of(job, call.worker).info("called to help");
        if (const SessionPtr session = session_of(call.worker)) session->send(order);
    }
    co_return;
}

void WorkerServer::lease_failed(Address worker, bool counts) {
    const Milliseconds rest = reservations_.book().lease_failed(worker, counts, clock_.monotonic());
    log_of(worker).warn(
        "fails again and again: it gets no new JOB for {} min; its own log says what has to be repaired; a "
        "restart of the master lets it in at once",
        rest.count() / 60'000);
}

void WorkerServer::called_hopeless(const Address& worker) {
    const Milliseconds rest = reservations_.book().called_hopeless(worker, clock_.monotonic());
    if (rest > Milliseconds::zero())
        log_of(worker).warn("calls one JOB after the other hopeless; it gets no JOB for {} s", rest.count() / 1'000);
}

void WorkerServer::lease_fulfilled(Address worker) {
    reservations_.book().lease_fulfilled(worker);
}

}  // namespace emeth::node
