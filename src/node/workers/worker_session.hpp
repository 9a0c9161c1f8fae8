// One WebSocket session between the master and a worker: the master's side of the handshake, and the messages after it.
// Io thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "crypto/private_key.hpp"
#include "http/client.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/task_group.hpp"
#include "runtime/wakeup.hpp"
#include "worker_protocol/handshake.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::node {

class WorkerSession {
public:
    /// How many orders may wait for a worker that does not read; one more ends the session.
    static constexpr std::size_t outbox_messages_max = 256;
    static constexpr std::size_t outbox_bytes_max = 16 << 20;

    /// What becomes of the worker's messages. A report is read after the one before it has been handled.
    struct Handlers {
        std::function<Task<>(worker_protocol::Report)> on_report;
        std::function<void(worker_protocol::Fitness)> on_fitness;
    };

    /// `caller`: the worker's IP address; empty if it is not known.
    WorkerSession(const asio::any_io_executor& executor, http::WebSocket socket, std::string caller, Clock& clock);

    /// Challenges the worker and checks its answer. The Error may be shown to the worker.
    Task<Result<void>> greet(const crypto::PrivateKey& key, Random& random);
    /// Sends the reason and ends the session.
    Task<> refuse(std::string reason);
    /// Signs in the master's name and carries messages until the worker leaves or end() is called; returns the reason.
    Task<std::string> run(const crypto::PrivateKey& key, Handlers handlers);

    /// Queues the message; never waits.
    void send(const worker_protocol::FromMaster& message);
    void end(std::string reason);

    /// After greet().
    [[nodiscard]] const Address& worker() const { return hello_.worker; }
    [[nodiscard]] const std::string& caller() const { return caller_; }
    /// Where the worker believes its master to be, by its signature.
    [[nodiscard]] const std::string& dialled() const { return hello_.dialled; }
    [[nodiscard]] std::uint64_t power_capacity() const { return hello_.power_capacity; }
    [[nodiscard]] const std::string& cooperative_host() const { return hello_.cooperative_host; }
    /// The leases of the JOBs whose files the worker says that it keeps.
    [[nodiscard]] std::map<JobId, std::uint64_t> held() const;

private:
    [[nodiscard]] worker_protocol::Handshake handshake(const Address& master) const;
    Task<Result<worker_protocol::FromWorker>> receive();
    Task<> read_messages(Handlers handlers);
    Task<> send_outbox();

    http::WebSocket socket_;
    std::string caller_;
    Clock& clock_;
    TaskGroup group_;  // reader and writer
    worker_protocol::Hello hello_;
    Hash256 challenge_;
    std::deque<std::string> outbox_;
    std::size_t outbox_bytes_ = 0;
    Wakeup outbox_changed_;
    std::optional<std::string> end_reason_;
};

}  // namespace emeth::node
