// A worker's durable record of a JOB whose files it keeps: <data>/jobs/<job id>/job.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/result.hpp"
#include "statemachine/job.hpp"
#include "trainer_protocol/messages.hpp"
#include "worker_protocol/messages.hpp"

namespace emeth::worker {

/// What tokenising found, and what DatasetReady reports.
struct DatasetFacts {
    std::uint64_t tokens = 0;       ///< of one epoch
    std::uint64_t steps_total = 0;  ///< of all epochs
    bool acknowledged = false;      ///< the master has stored them under the current lease
};

struct ArtifactFacts {
    statemachine::Artifact artifact;
    bool acknowledged = false;
};

struct HeldJob {
    std::uint64_t lease = 0;  ///< 0: the record was lost, but the files are still there
    bool helping = false;     ///< the lease is another worker's, for which this one trains a share
    trainer_protocol::JobSpec spec;
    std::uint64_t dataset_bytes = 0;
    std::optional<Hash256> dataset_sha256;  ///< set once the file `dataset` is complete
    std::optional<DatasetFacts> dataset;
    std::optional<ArtifactFacts> artifact;  ///< set once `artifact.tar` is complete
};

/// A longer file cannot be a record of ours.
inline constexpr std::uint64_t record_bytes_max = 1 << 20;

std::string to_json(const HeldJob& job);
/// `id` comes from the folder's name; a record of another JOB is an Error.
Result<HeldJob> parse_held_job(std::string_view text, const JobId& id);

/// The reports that follow from the record and that the master has not acknowledged yet.
std::vector<worker_protocol::ReportBody> due_reports(const HeldJob& job);

/// Begins a new lease, this worker's own or (`helping`) another's; nothing has been reported under it yet.
void begin_lease(HeldJob& job, std::uint64_t lease, bool helping);

/// True if the files made for `job` can be used for `order`, too.
bool serves(const HeldJob& job, const worker_protocol::Assign& order);

}  // namespace emeth::worker
