// The master's workers over WebSockets (a worker dials its master), and the operator's view of them. Io thread only.
//
// A reservation binds one JOB to one worker from reserve() or adopt() to release(), through any number of connections;
// a worker that is held for its files alone is idle all the same. What a worker holds without a reservation is answered
// Stop, once the master knows after its start which JOBs are alive.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <set>

#include "crypto/private_key.hpp"
#include "http/server.hpp"
#include "node/workers/sick_list.hpp"
#include "node/workers/whitelist.hpp"
#include "node/workers/worker_hub.hpp"
#include "node/workers/worker_session.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"

namespace emeth::node {

struct WorkerServerOptions {
    Whitelist workers;  ///< worker_whitelist: who may work
    Whitelist admins;   ///< jsonrpc_whitelist: who may list and disconnect workers; wallet addresses do not count here
    std::size_t workers_max = 256;
};

class WorkerServer final : public WorkerHub {
public:
    /// `key` is the node's; it, `clock` and `random` must outlive the server, and the server the http::Server's run().
    WorkerServer(const asio::any_io_executor& executor, const crypto::PrivateKey& key, WorkerServerOptions options,
                 Clock& clock, Random& random);

    /// GET session_path (WebSocket), GET /api/v1/workers, POST /api/json-rpc. The http::Server must take more
    /// connections than workers_max.
    void add_routes(http::Server& server);

    /// Called once, when adopt() was called for every active JOB that has a lease: `active` are all JOBs of this node
    /// that have not ended. From now on workers are handed out, and told to stop what is not adopted, and to forget
    /// what is not alive. Until then their reports wait.
    void set_recovered(const std::vector<JobId>& active);

    [[nodiscard]] std::vector<WorkerInfo> workers() const override;
    [[nodiscard]] std::size_t idle_workers() const override;
    /// First come, first served. A reservation that the JOB still has is released first.
    Task<Address> reserve(JobId job, std::optional<Address> preferred) override;
    std::shared_ptr<WorkerInbox> adopt(JobId job, std::uint64_t lease, Address worker, Hold hold) override;
    void release(JobId job, bool forget, std::string reason) override;
    Task<> acknowledge(JobId job, std::uint64_t report_id) override;
    Task<> order(worker_protocol::Assign order) override;
    [[nodiscard]] std::size_t helpers_to_call(const JobId& job,
                                              const trainer_protocol::Rendezvous& rendezvous) const override;
    Task<> order(worker_protocol::Join order) override;
    Task<> order(worker_protocol::Upload order) override;
    Task<> order(worker_protocol::Evidence order) override;
    void lease_failed(Address worker, bool counts) override;
    void lease_fulfilled(Address worker) override;

private:
    using SessionPtr = std::shared_ptr<WorkerSession>;
    struct Reservation {
        Address worker;
        std::uint64_t lease = 0;             ///< 0: reserved, the lease is not granted yet
        std::shared_ptr<WorkerInbox> inbox;  ///< set by adopt()
        Hold hold = Hold::work;
    };
    class Presence;
    class Turn;

    // worker_server.cpp: connections
    Task<> serve(http::WebSocket socket, http::ServerRequest request);
    [[nodiscard]] std::optional<std::string> why_refused(const WorkerSession& session, const std::string& peer) const;
    void connect(const SessionPtr& session);
    void disconnect(const SessionPtr& session, const std::string& reason);
    Task<> take_report(SessionPtr session, worker_protocol::Report report);

    // worker_reservations.cpp: JOBs and leases
    [[nodiscard]] SessionPtr session_of(const JobId& job, std::uint64_t lease) const;
    /// What it works on.
    [[nodiscard]] std::optional<JobId> job_of(const Address& worker) const;
    [[nodiscard]] std::optional<Address> idle_worker(const std::optional<Address>& preferred) const;
    [[nodiscard]] Milliseconds rest_of(const Address& worker) const {
        return sick_list_.rest_left(worker, clock_.monotonic());
    }
    void settle(WorkerSession& session);
    void stop(WorkerSession& session, const JobId& job, std::uint64_t lease, bool forget, std::string reason);
    void wake_waiters();

    // worker_cooperation.cpp: idle workers that help
    [[nodiscard]] std::vector<SessionPtr> callable_helpers(const JobId& job,
                                                           const trainer_protocol::Rendezvous& rendezvous) const;
    [[nodiscard]] std::optional<JobId> helped_by(const WorkerSession& session) const;

    // worker_admin_api.cpp
    Task<http::Answer> list_workers(http::ServerRequest request);
    Task<http::Answer> json_rpc(http::ServerRequest request);
    std::string disconnect_by_operator(const Address& worker);

    asio::any_io_executor executor_;
    const crypto::PrivateKey& key_;
    WorkerServerOptions options_;
    Clock& clock_;
    Random& random_;
    bool recovered_ = false;
    std::map<Address, SessionPtr> sessions_;
    std::map<JobId, Reservation> reservations_;
    SickList sick_list_;
    std::set<JobId> alive_;           ///< JOBs whose files a worker may keep
    std::list<Turn*> waiting_turns_;  ///< reserve() calls, the oldest first
};

}  // namespace emeth::node
