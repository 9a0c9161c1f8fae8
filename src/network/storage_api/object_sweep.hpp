// Removes, while the server runs, what nobody needs any more: datasets whose JOB never came, uploads that nobody came
// back to or whose JOB has ended, and what is left of JOBs that ended long ago. Io thread only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "network/storage_api/object_expiry.hpp"
#include "network/storage_api/storage_services.hpp"
#include "runtime/task.hpp"

namespace emeth::network {

class ObjectSweep {
public:
    /// `services` must outlive it. `chain_id`: of the chain whose word counts; none: of any.
    ObjectSweep(StorageServices& services, std::optional<std::uint64_t> chain_id)
        : services_(services), chain_id_(chain_id) {}

    /// Once. While the chain does not answer, only uploads that nobody came back to are removed.
    Task<> sweep();
    /// Every hour, until cancelled.
    Task<> run();

private:
    struct Found {
        StoredItem item;
        JobId job;
        std::string name;  ///< of the object; of an upload, its key
        std::optional<Upload> upload{};
    };
    /// Of objects, those whose names are ours: another one in the store is left alone. None while it does not answer.
    Task<std::vector<Found>> list();
    Task<> remove_abandoned(std::vector<Found>& all, std::int64_t now_unix_s);
    /// The time up to which the chain can be believed; none while it is away, or is another one.
    Task<std::optional<std::int64_t>> chain_time();
    Task<Result<JobOutlook>> look_up(JobId job);
    Task<> remove(Found found);

    StorageServices& services_;
    std::optional<std::uint64_t> chain_id_;
    std::map<JobId, std::int64_t> ended_since_;  ///< when a sweep first saw that the JOB had ended, unix s
};

}  // namespace emeth::network
