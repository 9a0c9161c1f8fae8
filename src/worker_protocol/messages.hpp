// The messages between a master and its workers: JSON text over one WebSocket, which the worker opens.
//
// Handshake (worker_protocol/handshake.hpp): master Challenge → worker Hello, signed → master Welcome, signed. Then the
// master sends orders, and the worker sends reports. A report with an id is repeated after every reconnect until it is
// acknowledged; the master acknowledges after its commit. Every message about a JOB carries the lease's fencing number;
// a report with an outdated one is answered with Stop. Beside reports a worker sends its Fitness: what it can train.
//
//     std::string text = encode(FromMaster(Ack{report.id}));
//     const Result<FromMaster> message = parse_from_master(text);
//     if (const auto* ack = std::get_if<Ack>(&*message)) …
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/private_key.hpp"
#include "runtime/result.hpp"
#include "statemachine/job.hpp"
#include "statemachine/types.hpp"
#include "trainer_protocol/messages.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::worker_protocol {

inline constexpr std::string_view session_path = "/api/v1/worker-session";
inline constexpr std::size_t held_leases_max = 64;
inline constexpr std::size_t presets_max = 64;
/// Keeps an Upload order within one message; a longer artifact takes several orders.
inline constexpr std::size_t upload_urls_max = 1'000;
inline constexpr std::size_t states_max = 2 * (trainer_protocol::draws_max + 1);
inline constexpr std::size_t url_bytes_max = 4'000;
inline constexpr std::size_t upload_id_bytes_max = 1'000;
inline constexpr std::size_t dialled_bytes_max = 300;
/// Of the handshake. Version 1, whose messages name none, did not say what the worker had dialled.
inline constexpr std::uint64_t session_version = 2;
inline constexpr std::uint64_t dataset_bytes_max = std::uint64_t{1} << 40;
/// Reasons and messages are cut to this length when they are encoded.
inline constexpr std::size_t sentence_bytes_max = 1'000;

struct HeldLease {
    JobId job;
    std::uint64_t lease = 0;
};

struct Challenge {
    Hash256 challenge;
    Address master;
    std::uint64_t version = session_version;
    bool binds_channel = false;  ///< the master serves TLS itself, so that both sign what binds this connection
};
struct Hello {
    Hash256 challenge;  ///< the worker's own
    Address worker;
    crypto::Signature signature;
    std::uint64_t power_capacity = 0;  ///< as the operator set it; 0: the worker's measured speeds count
    std::vector<HeldLease> held;       ///< JOBs whose files the worker keeps
    std::string dialled;               ///< where the worker believes its master to be (http/canonical_origin.hpp)
    /// The IP address under which other workers' trainers reach it. Older workers do not tell theirs.
    std::string cooperative_host = trainer_protocol::CooperationOptions{}.host;
    std::uint64_t version = session_version;
};
struct Welcome {
    crypto::Signature signature;
};

/// Fetch, tokenise and train. Idempotent: sent again, after a reconnect or with a fresh URL,
/// it disturbs no work in progress.
struct Assign {
    JobId job;
    std::uint64_t lease = 0;
    trainer_protocol::JobSpec spec;
    std::string dataset_url;  ///< signed; never logged
    std::uint64_t dataset_bytes = 0;
    bool cooperative = false;  ///< others may help: open a rendezvous
};
/// Fetch and tokenise the same dataset, and train a share of each step for the worker that holds the JOB. `work`
/// carries that worker's lease; nothing is reported under it, and nobody waits for the helper. Idempotent like Assign.
struct Join {
    Assign work;
    trainer_protocol::Rendezvous rendezvous;
};
/// Put the artifact's parts: URLs by part number, counted from 1, of the parts still missing.
struct Upload {
    JobId job;
    std::uint64_t lease = 0;
    Hash256 artifact_sha256;
    std::map<std::uint32_t, std::string> urls;
    std::string upload_id{};  ///< the upload that the URLs belong to
};
/// Pack the states that `block_hash` drew into one file and, if there are URLs, put the missing parts, beside whatever
/// else the worker does. Idempotent: the file always has the same bytes.
struct Evidence {
    JobId job;
    std::uint64_t lease = 0;
    Hash256 block_hash;
    std::vector<std::uint32_t> states;  ///< trainer_protocol::states_to_show()
    std::map<std::uint32_t, std::string> urls{};
    std::string upload_id{};  ///< the upload that the URLs belong to
};
/// The lease is not valid (any more): stop the work. `forget`: delete its files, too.
struct Stop {
    JobId job;
    std::uint64_t lease = 0;
    bool forget = false;
    std::string reason;
};
struct Ack {
    std::uint64_t report = 0;
};
/// The master refuses the worker (not on the whitelist, wrong signature) and closes.
struct WorkerRefused {
    std::string reason;
};

using FromMaster = std::variant<Challenge, Welcome, Assign, Upload, Stop, Ack, WorkerRefused, Evidence, Join>;

struct DatasetReady {
    static constexpr std::string_view kind = "dataset_ready";
    Hash256 sha256;
    std::uint64_t bytes = 0, tokens = 0, steps_total = 0;
};
/// A trainer process began or continued at `step`.
struct TrainingStarted {
    static constexpr std::string_view kind = "training_started";
    std::uint64_t step = 0;
    std::string reason;
};
struct CheckpointSaved {
    static constexpr std::string_view kind = "checkpoint_saved";
    statemachine::Checkpoint checkpoint;
};
struct Trained {
    static constexpr std::string_view kind = "trained";
    statemachine::Artifact artifact;
};
/// `upload_id` is the order's: a delayed report must not count for a later upload.
struct PartUploaded {
    static constexpr std::string_view kind = "part_uploaded";
    std::uint32_t part = 0;
    std::string etag;
    std::string upload_id{};
};
/// The evidence for the draw of `block_hash` is on the worker's disk.
struct EvidencePacked {
    static constexpr std::string_view kind = "evidence_packed";
    Hash256 block_hash;
    statemachine::WorkerFile file;
};
/// The step could not be done now. `needs_order`: the worker waits for the order to be repeated. `url_refused`: it
/// needs fresh URLs, as these were refused (expired). `permanent`: of `train`, the trainer says that the JOB can never
/// be trained; otherwise what the step needs is gone. `service_failed`: the Storage API itself said that it cannot
/// serve now.
struct StepFailed {
    static constexpr std::string_view kind = "step_failed";
    std::string step;
    bool permanent = false;
    std::string message;
    bool needs_order = false;
    bool url_refused = false;
    bool service_failed = false;  ///< absent in messages of older workers
};
/// Neither durable nor acknowledged (its report id is 0). `workers` train together; helpers
/// of the JOB meet at `rendezvous`.
struct Progress {
    static constexpr std::string_view kind = "progress";
    std::string stage;
    std::uint32_t epoch = 0;
    std::uint64_t step = 0, steps_total = 0, bytes = 0, bytes_total = 0;
    double loss = 0, tokens_per_s = 0;
    std::uint32_t workers = 1;
    std::optional<trainer_protocol::Rendezvous> rendezvous{};
};

using ReportBody = std::variant<DatasetReady, TrainingStarted, CheckpointSaved, Trained, PartUploaded, StepFailed,
                                Progress, EvidencePacked>;
/// The name on the wire: "dataset_ready".
inline std::string_view kind_of(const ReportBody& body) {
    return std::visit([](const auto& report) { return report.kind; }, body);
}

struct Report {
    std::uint64_t id = 0;
    JobId job;
    std::uint64_t lease = 0;
    ReportBody body;
};

/// What the worker has found out about itself: its trainer was started and trained. Sent after each Welcome as soon as
/// it is known, and again when it changes; without it a worker gets no JOB.
struct Fitness {
    std::string unfit{};                         ///< why it can train nothing now; empty: it can
    std::map<std::string, double> tokens_per_s;  ///< by preset that fits into its memory
    std::uint64_t disk_free_bytes = 0;           ///< of its data folder, less the reserve that it keeps
    std::uint64_t states_free_bytes = 0;         ///< of what it keeps for verdicts (model_cached_size)
    /// What its machine draws while it trains; none: the machine does not tell, or the worker is older.
    std::optional<std::uint64_t> watts{};
};

using FromWorker = std::variant<Hello, Report, Fitness>;

/// Cut texts that are too long and replace bytes that are not UTF-8, so that the other side accepts what is encoded.
std::string encode(const FromMaster& message);
std::string encode(const FromWorker& message);
/// Check the form and bounds of every field; the error names the field.
Result<FromMaster> parse_from_master(std::string_view text);
Result<FromWorker> parse_from_worker(std::string_view text);

}  // namespace emeth::worker_protocol
