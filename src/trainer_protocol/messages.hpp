// The room of what trainer, worker, node and verifier must agree on: the messages to and from a trainer and the
// parent's side of them, the presets, the network's rules, segments and evidence. No torch, no network, no node policy.
//
// This header: the messages between a parent (worker or verifier) and its emeth-trainer child. They are JSON objects,
// each after a 4-byte big-endian length, over a socket pair. The child gets its end as descriptor 3, serves one
// request, answers with any number of reports and one last Trained, Checked, Helped, Calibrated or Failed, and exits.
// When the socket ends, the child exits.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/result.hpp"
#include "statemachine/job.hpp"
#include "statemachine/types.hpp"
#include "trainer_protocol/calibration.hpp"
#include "trainer_protocol/rendezvous.hpp"

namespace emeth::trainer_protocol {

/// A longer message is refused before it is read.
inline constexpr std::uint32_t message_bytes_max = 1 << 20;
inline constexpr int control_descriptor = 3;
/// Bound of a report's count of workers that train one JOB together.
inline constexpr std::uint32_t workers_max = 1'024;

/// Everything that decides the result of a JOB; node and verifier derive the same from chain and network settings.
struct JobSpec {
    JobId id;
    std::string language = "en";  ///< "en" or "ja", from param
    std::uint32_t epochs = 2;     ///< max(param.epoch, NetworkRules::epochs_min)
    std::string model = "nano";   ///< preset: param.model, else NetworkRules::default_model
};

/// "cpu", "cuda", "cuda:n" or "auto": the first GPU where libtorch sees one, else the CPU.
bool is_device(std::string_view text);

/// How this machine computes; recorded in the manifest, without influence on what is computed beyond rounding.
struct ComputeOptions {
    std::string device = "cpu";  ///< is_device()
    std::uint32_t threads = 1;
    std::uint32_t micro_batch = 0;             ///< sequences; 0: found by the trainer
    std::string precision = "auto";            ///< "auto" (bf16 where the processor has it), "bf16", "float32"
    std::uint32_t checkpoint_interval_ms = 0;  ///< 0: chosen by the trainer
};

/// What a trainer needs to train together with others.
struct CooperationOptions {
    std::string host = "127.0.0.1";  ///< an IP address of this machine that the others reach; nothing listens elsewhere
    std::uint32_t timeout_ms = 20'000;  ///< another trainer that is silent for this long counts as lost
    /// Whenever a group has done this many steps (after a few to warm up), helpers that do not make a step faster are
    /// sent back to wait; 0: never, whatever they cost.
    std::uint32_t trial_steps = 20;
    std::uint32_t opens_after_ms = 0;  ///< how long the leader trains alone first
};

/// Train the JOB in `folder`, from whatever stage the files there allow: tokenizer, token file, checkpoint and artifact
/// are each made unless a complete one is present. The dataset is `folder`/dataset.
struct TrainRequest {
    JobSpec job;
    std::filesystem::path folder;
    Hash256 dataset_sha256;
    ComputeOptions compute;
    std::optional<CooperationOptions> cooperation{};  ///< set: any number of helpers may join
};

/// Train the same JOB as a helper of the leader at `rendezvous`: a share of each step's sequences, for as long as the
/// leader trains. Only the tokenizer and the token file are made in the folder.
struct HelpRequest {
    TrainRequest train;  ///< with `cooperation` set
    Rendezvous rendezvous;
};

/// Check an artifact against JOB, dataset and evidence (verifier). `folder` is scratch space.
struct CheckRequest {
    JobSpec job;  ///< epochs: the least number that passes
    std::filesystem::path artifact;
    std::filesystem::path dataset;
    std::filesystem::path folder;
    ComputeOptions compute;
    std::filesystem::path evidence;  ///< the states of the segments that `block_hash` draws (segments.hpp)
    Hash256 block_hash;
    std::uint32_t draws = 0;
};

/// Try out what this machine can train and how fast. `known`: an earlier answer, which is returned unchanged if it is
/// of the same machine.
struct CalibrateRequest {
    ComputeOptions compute;
    std::optional<Calibration> known{};
};

using Request = std::variant<TrainRequest, CheckRequest, HelpRequest, CalibrateRequest>;

/// Tokenised: tokens of one epoch (training part) and steps of all epochs.
struct Prepared {
    std::uint64_t tokens = 0, steps_total = 0;
};
/// Sent once, before the first step: step 0, or the step of the checkpoint that training continues from.
struct Started {
    std::uint64_t step = 0;
};
/// Helpers may join from now on; sent once, before everything else.
struct RendezvousOpened {
    Rendezvous rendezvous;
};
/// At most every 250 ms. stage: "tokenizer", "tokens", "waiting" (a helper for its leader), "training",
/// "validation", "artifact", "check".
struct Progress {
    std::string stage;
    std::uint32_t epoch = 0;  ///< epochs finished
    std::uint64_t step = 0, steps_total = 0;
    double loss = 0;
    double tokens_per_s = 0;    ///< of all workers together
    std::uint32_t workers = 1;  ///< training together
};
struct CheckpointSaved {
    statemachine::Checkpoint checkpoint;
};
/// The artifact is complete at `folder`/artifact.tar.
struct Trained {
    statemachine::Artifact artifact;
};
/// How far the claimed end of a segment is from the end that training it again gives. All are relative and at least 0;
/// what was not trained differs by about 1.
struct Deviation {
    double weights = 0;  ///< of the distance that the weights moved in the segment
    /// The same, each weight counted by the root of its second moment: without those that have hardly a gradient, whose
    /// way is decided by rounding.
    double weighted_weights = 0;
    double first_moments = 0;   ///< of AdamW's moments at its end; invented ones could lead the next segment anywhere
    double second_moments = 0;  ///< of their roots
    double next_step = 0;       ///< of the step that these moments make next
    double loss = 0;            ///< of the worst of its steps
};
/// How an artifact's check ended. `reason` is one sentence when it did not pass.
struct Checked {
    bool passed = false;
    std::string reason;
    double claimed_validation_loss = 0, recomputed_validation_loss = 0;
    Deviation worst{};  ///< of all segments that were trained again, in each part
};
/// The leader has trained to the end.
struct Helped {
    std::uint64_t steps = 0;  ///< of which this helper computed a share
};
struct Calibrated {
    Calibration calibration;  ///< of at least one preset
};
/// The request could not be served. permanent: the same input can never succeed; of a training: wherever it is tried.
struct Failed {
    bool permanent = false;
    std::string message;
};

using TrainerReport = std::variant<Prepared, Started, Progress, CheckpointSaved, Trained, Checked, Failed,
                                   RendezvousOpened, Helped, Calibrated>;

boost::json::value to_json(const Request& request);
boost::json::value to_json(const TrainerReport& report);
/// Each function checks types and bounds; its Error names what is wrong.
Result<Request> parse_request(const boost::json::value& json);
Result<TrainerReport> parse_report(const boost::json::value& json);

}  // namespace emeth::trainer_protocol
