// What a node's store says of its JOBs at one moment; it can be read beside the running master.
#pragma once

#include <filesystem>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/job.hpp"
#include "storage/job_store.hpp"

namespace emeth::harness {

struct JobSnapshot {
    statemachine::Job job;
    std::vector<storage::HistoryEntry> history;
    std::vector<storage::OutboxEntry> transactions;
};

/// The records alone; empty if there is no store yet.
Result<std::vector<statemachine::Job>> read_jobs(const std::filesystem::path& store);
/// With histories and transactions; every history is replayed and compared with its record.
Result<std::vector<JobSnapshot>> read_whole_jobs(const std::filesystem::path& store);
/// Every transaction of the node, also those that belong to no JOB.
Result<std::vector<storage::OutboxEntry>> read_transactions(const std::filesystem::path& store);

}  // namespace emeth::harness
