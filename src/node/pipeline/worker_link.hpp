// What a pipeline knows about the worker that holds its lease, in memory: all of it comes again after a restart. Io
// thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "node/workers/worker_hub.hpp"
#include "runtime/clock.hpp"
#include "runtime/wakeup.hpp"

namespace emeth::node {

struct WorkerLink {
    explicit WorkerLink(const asio::any_io_executor& executor) : rendezvous_told(executor) {}

    /// A new lease: nothing is known about its holder.
    void reset() {
        inbox.reset();
        connected = assigned = false;
        away_since.reset();
        failures = 0;
        reserved.reset();
        rendezvous.reset();
        forget_upload();
    }
    void forget_upload() {
        refusals = 0;
        upload_id.clear();
        urls.clear();
        ordered_parts.clear();
    }

    /// Set while the hub knows of the lease. Whoever reads it across a co_await keeps a share: the lease may end.
    std::shared_ptr<WorkerInbox> inbox;
    std::optional<Address> reserved;  ///< for the lease that is being made durable
    bool connected = false;
    std::optional<Milliseconds> away_since;  ///< monotonic; set while the connection is known to be gone
    Milliseconds look_at{0};                 ///< while it is gone: when to look whether another worker is to begin anew
    std::uint32_t failures = 0;              ///< of this lease's worker, in a row without progress
    bool assigned = false;                   ///< this connection has the order to train
    std::set<std::uint32_t>
        ordered_parts;  ///< this connection has the order to upload them, and has not reported them yet
    std::optional<trainer_protocol::Rendezvous> rendezvous;  ///< where its trainer lets helpers in
    Wakeup rendezvous_told;
    std::uint32_t refusals = 0;                 ///< of the upload's URLs, in a row
    std::string upload_id;                      ///< of `urls`; empty: none at hand
    std::map<std::uint32_t, std::string> urls;  ///< signed, by part from 1: never durable, never logged
};

}  // namespace emeth::node
