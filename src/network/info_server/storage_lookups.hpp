// What only the Storage API knows of the JOBs: the sizes of datasets, and why results were rejected. It is asked beside
// everything else, a few JOBs at once, and for hours where it knows nothing yet: the list of JOBs never waits for it.
// Io thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "api_client/storage_api_client.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"
#include "runtime/task_group.hpp"
#include "storage/job_list.hpp"

namespace emeth::network {

struct LookupPorts {
    api_client::ArtifactStore& storage;
    storage::JobList& list;
    BlockingPool& pool;
    Clock& clock;
};

class StorageLookups {
public:
    static constexpr std::uint32_t tries_max = 20;     ///< about 8 h, after which a JOB is listed without it
    static constexpr std::size_t queue_max = 100'000;  ///< the others stay in the list's store until there is room
    static constexpr std::size_t asked_at_once_max = 8;
    using Known = std::function<void(const JobId& job)>;

    /// `known` is told which JOB's entry has changed.
    StorageLookups(asio::any_io_executor executor, LookupPorts ports, Known known);

    /// They stand in the list's store, too.
    void want(const std::vector<storage::Lookup>& lookups);
    /// Asks for what is wanted, now and from earlier runs, until cancelled.
    Task<> run();

private:
    struct Waiting {
        std::uint32_t tries = 0;
        bool is_asked = false;       ///< right now
        bool ask_once_more = false;  ///< it was wanted again meanwhile
    };

    void queue(const storage::Lookup& lookup, Milliseconds in);
    Task<> load();
    Task<> hand_out(TaskGroup* asking);
    Task<> ask_due(storage::Lookup lookup);
    Task<bool> ask(storage::Lookup lookup);
    Task<bool> ask_bytes(storage::IndexedJob job, bool is_last_try);
    Task<bool> ask_reason(storage::IndexedJob job, bool is_last_try);

    asio::any_io_executor executor_;
    LookupPorts ports_;
    Known known_;
    std::map<storage::Lookup, Waiting> waiting_;
    std::set<std::pair<Milliseconds, storage::Lookup>> due_;  ///< by the monotonic time from which it may be asked for
    bool more_in_store_ = true;
};

}  // namespace emeth::network
