// What a pipeline knows about the worker that holds its lease, in memory: all of it comes again after a restart. Io
// thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "node/workers/worker_hub.hpp"
#include "runtime/clock.hpp"
#include "runtime/wakeup.hpp"

namespace emeth::node {

struct WorkerLink {
    /// More news wait in the hub's own bounded inbox.
    static constexpr std::size_t news_max = 64;

    explicit WorkerLink(const asio::any_io_executor& executor)
        : arrived(executor), drained(executor), rendezvous_told(executor) {}

    /// A new lease: nothing is known about its holder.
    void reset() {
        news.clear();
        adopted = connected = assigned = false;
        away_since.reset();
        failures = 0;
        reserved.reset();
        rendezvous.reset();
        forget_upload();
        drained.notify();
    }
    void forget_upload() {
        refusals = 0;
        upload_id.clear();
        urls.clear();
        ordered_parts.clear();
    }

    std::deque<WorkerNews> news;  ///< the first stays until it is dealt with
    Wakeup arrived;
    Wakeup drained;
    std::optional<Address> reserved;  ///< for the lease that is being made durable
    bool adopted = false;             ///< the hub knows of the lease
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
