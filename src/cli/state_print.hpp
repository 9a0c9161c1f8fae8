// How `emeth state` writes records and histories.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/job.hpp"
#include "storage/store.hpp"

namespace emeth::cli {

/// "2026-11-22 21:02:21.123" in UTC.
std::string utc_text(std::int64_t unix_ms);

Result<void> print_list(storage::JobStore& jobs, bool json);
void print_job(const statemachine::Job& job);
void print_history(const statemachine::Job& job, const std::vector<storage::HistoryEntry>& entries);
/// The dump's lines that belong to one JOB.
Result<void> print_dump_of(storage::NodeStore& store, const JobId& id);

}  // namespace emeth::cli
