// What a worker knows durably about a JOB whose files it keeps: <data>/jobs/<job id>/job.json.
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

/// What tokenising found; the facts of DatasetReady.
struct DatasetFacts {
    std::uint64_t tokens = 0;       ///< of one epoch
    std::uint64_t steps_total = 0;  ///< of all epochs
    bool acknowledged = false;      ///< the master has them durably, under the current lease
};

struct ArtifactFacts {
    statemachine::Artifact artifact;
    bool acknowledged = false;
};

struct HeldJob {
    std::uint64_t lease = 0;  ///< 0: the record was lost, the files are still there
    bool helping = false;     ///< the lease is another worker's, for whom this one trains a share
    trainer_protocol::JobSpec spec;
    std::uint64_t dataset_bytes = 0;
    std::optional<Hash256> dataset_sha256;  ///< set when the file `dataset` is whole
    std::optional<DatasetFacts> dataset;
    std::optional<ArtifactFacts> artifact;  ///< set when `artifact.tar` is whole
};

/// Longer files are no record of ours.
inline constexpr std::uint64_t record_bytes_max = 1 << 20;

std::string to_json(const HeldJob& job);
/// `id` comes from the folder's name; a record of another JOB is an Error.
Result<HeldJob> parse_held_job(std::string_view text, const JobId& id);

/// The reports that the master has not acknowledged yet, as far as they follow from the record.
std::vector<worker_protocol::ReportBody> due_reports(const HeldJob& job);

/// A new lease begins, this worker's or (`helping`) another's: under it nothing has been reported yet.
void begin_lease(HeldJob& job, std::uint64_t lease, bool helping);

/// True when files made for `job` serve `order` as well.
bool serves(const HeldJob& job, const worker_protocol::Assign& order);

}  // namespace emeth::worker
