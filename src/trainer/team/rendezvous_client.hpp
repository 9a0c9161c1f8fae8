// A helper's side of the rendezvous (formats/rendezvous_messages.hpp).
#pragma once

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/spawned_task.hpp"
#include "trainer/formats/rendezvous_messages.hpp"
#include "trainer/team/process_group.hpp"
#include "trainer/team/rendezvous_line.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// A thread of its own keeps the connection; all calls come from the training thread and block.
class RendezvousClient final : public MeetingPlace {
public:
    /// A transient Error when there is no leader, or none any more.
    static Result<std::unique_ptr<RendezvousClient>> connect(const trainer_protocol::Rendezvous& rendezvous,
                                                             const Hash256& run, const ComputeRecord& compute,
                                                             Milliseconds timeout);
    ~RendezvousClient() override;

    /// Waits until the leader calls this helper into a group; `idle` is called about once a second meanwhile. A
    /// transient Error when the leader is gone or refuses this helper.
    Result<rendezvous::Form> await_call(const std::function<void()>& idle);

    Result<void> set(const std::string& key, std::string value) override;
    Result<std::string> get(const std::string& key, Milliseconds timeout) override;

private:
    RendezvousClient() : io_(1), serving_(io_.get_executor()) {}
    Task<> serve(http::Url url, Milliseconds timeout, rendezvous::Hello hello);
    Task<bool> handle(std::string text);
    void send(const rendezvous::FromHelper& message);
    void end(std::string reason);

    asio::io_context io_;
    SpawnedTask serving_;
    std::unique_ptr<RendezvousLine> line_;  // io thread

    std::mutex mutex_;
    std::condition_variable changed_;
    bool connected_ = false;
    bool waiting_ = false;  // for a call
    bool asked_ = false;    // while it was not waiting
    bool has_waited_ = false;
    std::optional<rendezvous::Form> call_;
    std::optional<rendezvous::Value> value_;
    std::optional<std::string> end_reason_;
    std::thread thread_;
};

}  // namespace emeth::trainer
