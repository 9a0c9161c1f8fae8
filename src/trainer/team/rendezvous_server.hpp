// The leader's side of the rendezvous (formats/rendezvous_messages.hpp): helpers join, say that they are ready, and
// meet the leader in a process group.
#pragma once

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "http/server.hpp"
#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/spawned_task.hpp"
#include "trainer/formats/rendezvous_messages.hpp"
#include "trainer/team/process_group.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// Serves on a thread of its own for as long as it lives; all calls come from the training thread and block.
class RendezvousServer final : public MeetingPlace {
public:
    /// Listens on `host` only, on a port that the system chooses. An Error when `host` is no address of this machine.
    /// Helpers that compute in another number type are refused.
    static Result<std::unique_ptr<RendezvousServer>> open(const std::string& host, Precision precision);
    ~RendezvousServer() override;

    [[nodiscard]] const trainer_protocol::Rendezvous& rendezvous() const { return rendezvous_; }
    /// Admits helpers of this run only. Those that arrive earlier wait.
    void admit(const Hash256& run);
    /// Whether a helper is waiting that may be tried now.
    [[nodiscard]] bool anybody_waits() const;

    /// Asks all proven helpers and one unproven helper whether they can begin now. It is only one so that a failure can
    /// be attributed. A helper that does not answer within `limit` is not asked again for a while. Returns the number
    /// of ready helpers.
    int ask(Milliseconds limit);
    /// Calls the ready helpers into group `generation`, in which the leader has rank 0, and returns what those of ranks
    /// 1, 2, … compute with.
    std::vector<ComputeRecord> call(std::uint64_t generation);
    /// To be called when the group has worked for a while: marks its members as proven.
    void approve();
    /// To be called when the group has ended: its members wait again. If time was lost (`loss`) and no member
    /// disconnected, the unproven member, or every member if all were proven, becomes unproven and must first wait for
    /// a multiple of the loss.
    void dissolve(Milliseconds loss);

    Result<void> set(const std::string& key, std::string value) override;
    Result<std::string> get(const std::string& key, Milliseconds timeout) override;

private:
    struct Helper;
    using HelperPtr = std::shared_ptr<Helper>;

    RendezvousServer(const std::string& host, Precision precision);
    Task<> serve(http::WebSocket socket, std::function<bool()> keep_place);
    Task<bool> handle(HelperPtr helper, std::string text);
    Task<> await_greeting(HelperPtr helper);
    bool greet(const HelperPtr& helper, const rendezvous::Hello& hello);
    void refuse_other_runs();
    [[nodiscard]] bool may_be_tried(const Helper& helper) const;
    [[nodiscard]] bool is_on_trial() const;
    void remove(const HelperPtr& helper);
    Task<> answer(HelperPtr helper, std::string key);
    [[nodiscard]] std::optional<std::string> find(const std::string& key) const;
    /// From any thread.
    void send(const HelperPtr& helper, const rendezvous::FromLeader& message);

    asio::io_context io_;
    http::Server server_;
    SpawnedTask serving_;
    trainer_protocol::Rendezvous rendezvous_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Hash256> run_;
    std::vector<HelperPtr> helpers_;             // those whose Hello was accepted and that are still connected
    bool member_lost_ = false;                   // of the last group
    std::map<std::string, std::string> values_;  // of the group that is being formed
    std::thread thread_;
};

}  // namespace emeth::trainer
