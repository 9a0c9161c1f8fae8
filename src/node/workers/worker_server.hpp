// The master's workers over WebSockets (a worker dials its master), and the operator's view of them: the sessions, and
// the reservation book that says who serves which JOB. Io thread only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/private_key.hpp"
#include "http/server.hpp"
#include "node/workers/own_origins.hpp"
#include "node/workers/reservations.hpp"
#include "node/workers/whitelist.hpp"
#include "node/workers/worker_hub.hpp"
#include "node/workers/worker_session.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/refusal_tally.hpp"

namespace emeth::node {

struct WorkerServerOptions {
    Whitelist workers;  ///< worker_whitelist: who may work, besides those that allow() names
    Whitelist admins;   ///< jsonrpc_whitelist: who may look without the token; ignores wallet addresses
    std::size_t workers_max = 256;
    OwnOrigins origins{};
};

class WorkerServer final : public WorkerHub {
public:
    /// `key` is the node's; it, `clock` and `random` must outlive the server, and the server the http::Server's run().
    WorkerServer(const asio::any_io_executor& executor, const crypto::PrivateKey& key, WorkerServerOptions options,
                 Clock& clock, Random& random);

    /// GET session_path (WebSocket), for whoever reaches it. The http::Server must keep more connections than
    /// workers_max; `scheme` is "https" where it has a certificate.
    void add_session_route(http::Server& server, std::string scheme = "http");
    /// GET /api/v1/workers and POST /api/json-rpc, for those whom `reader` and `actor` admit.
    void add_admin_routes(http::Server& server, http::Admission reader, http::Admission actor);

    /// Whether this address may look at this node without the token.
    [[nodiscard]] bool is_admin(const std::string& peer_ip) const { return options_.admins.allows(peer_ip); }
    /// Ends a worker's connection; it may dial again. False: it is not connected.
    bool disconnect_by_operator(const Address& worker);

    /// This worker may connect, too, whatever the whitelist says.
    void allow(const Address& worker) { always_allowed_.insert(worker); }
    /// From now on; connected workers that are on it no more are disconnected.
    void set_whitelists(Whitelist workers, Whitelist admins);

    /// Called once, after adopt() has been called for every active JOB that has a lease: `active` are all JOBs of this
    /// node that have not ended. From then on workers are handed out, and are told to stop what is not adopted and to
    /// delete the files of JOBs that are not alive. Until then their reports wait.
    void set_recovered(const std::vector<JobId>& active) { reservations_.set_recovered(active); }

    [[nodiscard]] std::vector<WorkerInfo> workers() const override { return reservations_.workers(); }
    [[nodiscard]] std::size_t idle_workers() const override { return reservations_.idle_workers(); }
    Task<Address> reserve(JobId job, WorkerWish wish) override;
    std::shared_ptr<WorkerInbox> adopt(JobId job, std::uint64_t lease, Address worker, Hold hold) override;
    void release(JobId job, bool forget, std::string reason) override;
    Task<> acknowledge(JobId job, std::uint64_t report_id) override;
    Task<> order(worker_protocol::Assign order) override;
    void set_team(const JobId& job, std::uint32_t workers) override { reservations_.set_team(job, workers); }
    [[nodiscard]] std::size_t helpers_to_call(const JobId& job,
                                              const trainer_protocol::Rendezvous& rendezvous) const override;
    Task<> order(worker_protocol::Join order) override;
    Task<> order(worker_protocol::Upload order) override;
    Task<> order(worker_protocol::Evidence order) override;
    void lease_failed(Address worker, bool counts) override;
    void called_hopeless(const Address& worker) override;
    void lease_fulfilled(Address worker) override;

private:
    using SessionPtr = std::shared_ptr<WorkerSession>;
    class Presence;

    // worker_server.cpp
    Task<> serve(http::WebSocket socket, http::ServerRequest request, std::string scheme, std::uint16_t port);
    void learn(const SessionPtr& session, worker_protocol::Fitness fitness);
    [[nodiscard]] bool is_allowed(const WorkerSession& session) const;
    [[nodiscard]] std::optional<std::string> why_refused(const WorkerSession& session,
                                                         const http::ServerRequest& request, std::string_view scheme,
                                                         std::uint16_t port) const;
    void connect(const SessionPtr& session, const std::string& peer);
    void disconnect(const SessionPtr& session, const std::string& reason);
    [[nodiscard]] SessionPtr session_of(const std::optional<Address>& worker) const;
    void send_to_holder(const JobId& job, std::uint64_t lease, const worker_protocol::FromMaster& order);

    // worker_admin_api.cpp
    Task<http::Answer> list_workers();
    Task<http::Answer> json_rpc(http::ServerRequest request);

    asio::any_io_executor executor_;
    const crypto::PrivateKey& key_;
    WorkerServerOptions options_;
    Clock& clock_;
    Random& random_;
    std::set<Address> always_allowed_;
    std::map<Address, SessionPtr> sessions_;
    Reservations reservations_;
    RefusalTally refusals_;
};

}  // namespace emeth::node
