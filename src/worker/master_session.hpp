// The worker's connection to its master: connects, lets each side prove its identity, carries reports and orders, and
// reconnects whenever the connection ends. Io thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/private_key.hpp"
#include "http/client.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/task_group.hpp"
#include "worker/report_queue.hpp"
#include "worker/settings.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::worker {

/// Acts on the master's messages.
class OrderHandler {
public:
    virtual ~OrderHandler() = default;
    [[nodiscard]] virtual std::vector<worker_protocol::HeldLease> held() const = 0;
    virtual Task<> handle(worker_protocol::Assign order) = 0;
    virtual Task<> handle(worker_protocol::Join order) = 0;
    virtual Task<> handle(worker_protocol::Upload order) = 0;
    virtual Task<> handle(worker_protocol::Evidence order) = 0;
    virtual Task<> handle(worker_protocol::Stop order) = 0;
    virtual Task<> handle(worker_protocol::Ack acknowledgement) = 0;
};

class MasterSession {
public:
    MasterSession(const WorkerSettings& settings, const crypto::PrivateKey& key, ReportQueue& reports,
                  OrderHandler& handler, Clock& clock, Random& random);

    /// Runs until it is cancelled.
    Task<> run();

private:
    Task<Error> connect_and_serve();
    Task<Result<void>> shake_hands(http::WebSocket& socket);
    Task<Result<worker_protocol::FromMaster>> receive(http::WebSocket& socket);
    Task<Result<worker_protocol::FromMaster>> receive_in_time(http::WebSocket& socket);
    Task<> read_orders(http::WebSocket& socket, TaskGroup& group);
    Task<> send_reports(http::WebSocket& socket, TaskGroup& group);
    Task<Result<void>> dispatch(worker_protocol::FromMaster message);
    /// Stops reader and writer. The first reason given is the one that counts.
    void end(TaskGroup& group, Error reason);

    const WorkerSettings& settings_;
    const crypto::PrivateKey& key_;
    ReportQueue& reports_;
    OrderHandler& handler_;
    Clock& clock_;
    Random& random_;
    std::uint32_t failures_ = 0;  ///< consecutive connections without a welcome
    std::optional<Error> end_reason_;
};

}  // namespace emeth::worker
