// A JOB as this node records it: the terms read from the chain, and what has been achieved so far. Every field is
// durable. Progress is kept when a reorganisation sends the JOB back, so it is not tied to one state.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "statemachine/state.hpp"
#include "statemachine/types.hpp"

namespace emeth::statemachine {

/// What the requester put on chain and how the node meant to serve it, read and decided before the deposit; never
/// changes afterwards.
struct Terms {
    JobId id;
    Address owner;
    std::uint64_t program_id = 0;
    std::string dataset;              ///< jobDetails.dataset: the key below "dataset/" in the Storage API
    std::string param;                ///< jobDetails.param: the JSON text, unchanged
    Wei fee;                          ///< EMT wei
    std::uint64_t dataset_bytes = 0;  ///< announced by the Storage API
    std::int64_t requested_at_unix_s = 0;
    std::int64_t deadline_unix_s = 0;  ///< chain time
    std::uint32_t team = 1;            ///< workers that are to train it together: one alone might miss the deadline

    friend bool operator==(const Terms&, const Terms&) = default;
};

/// A transaction of this node that belongs to a JOB. It is identified by its nonce; events that report its end carry
/// the hash of the variant that was mined.
struct TxRef {
    Hash256 hash;  ///< of the variant signed first; once confirmed, of the one that was mined
    std::uint64_t nonce = 0;
    std::uint64_t block = 0;  ///< 0 until the effect was confirmed

    friend bool operator==(const TxRef&, const TxRef&) = default;
};

/// discovered: the approve/process pair in the outbox.
struct DepositProgress {
    std::optional<TxRef> approve;
    std::optional<TxRef> process;
    Wei deposit;  ///< locked by the confirmed process transaction, EMT wei

    friend bool operator==(const DepositProgress&, const DepositProgress&) = default;
};

/// accepted … training: who works on it. `number` grows with every grant and serves as the fencing token.
struct LeaseProgress {
    std::uint64_t number = 0;  ///< last number granted; 0: never leased
    Address worker;            ///< holder of `number`; meaningful while `active`
    bool active = false;

    friend bool operator==(const LeaseProgress&, const LeaseProgress&) = default;
};

/// downloading: what the worker found.
struct DatasetProgress {
    std::optional<Hash256> sha256;
    std::uint64_t bytes = 0;
    std::uint64_t tokens = 0;       ///< training tokens of one epoch
    std::uint64_t steps_total = 0;  ///< optimiser steps of all epochs
    std::uint64_t lease = 0;        ///< that reported it; ready for the current worker if it is the current lease

    friend bool operator==(const DatasetProgress&, const DatasetProgress&) = default;
};

struct Checkpoint {
    std::uint32_t epoch = 0;  ///< epochs finished
    std::uint64_t step = 0;   ///< optimiser steps finished
    Hash256 sha256;           ///< of the checkpoint file on the worker
    double loss = 0;          ///< training loss at that step

    friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

struct Artifact {
    Hash256 sha256;
    std::uint64_t bytes = 0;
    std::uint32_t epochs = 0;
    std::uint64_t steps = 0;
    std::vector<double> epoch_losses;  ///< mean training loss of each epoch
    double validation_loss = 0;

    friend bool operator==(const Artifact&, const Artifact&) = default;
};

/// training: steps done.
struct TrainingProgress {
    std::optional<Checkpoint> checkpoint;
    std::optional<Artifact> artifact;  ///< set when training is over
    std::uint32_t resumes = 0;         ///< times training continued from a checkpoint

    friend bool operator==(const TrainingProgress&, const TrainingProgress&) = default;
};

/// training: the one upload that the master opened for the current lease.
struct UploadProgress {
    std::string upload_id;  ///< empty: none open
    std::string file_name;  ///< what submit will carry
    std::uint64_t lease = 0;
    std::uint32_t parts_total = 0;
    std::map<std::uint32_t, std::string> etags;  ///< by part number, from 1
    bool completed = false;

    friend bool operator==(const UploadProgress&, const UploadProgress&) = default;
};

/// A file that the worker made, as it reported it.
struct WorkerFile {
    Hash256 sha256;
    std::uint64_t bytes = 0;

    friend bool operator==(const WorkerFile&, const WorkerFile&) = default;
};

/// submitted: what the block that holds the submit draws, and the upload that shows it to the verifier.
struct EvidenceProgress {
    std::optional<Hash256> block_hash;    ///< of the block that drew
    std::vector<std::uint32_t> segments;  ///< drawn, ascending
    std::optional<WorkerFile> file;       ///< set once the worker has packed it
    UploadProgress upload;

    friend bool operator==(const EvidenceProgress&, const EvidenceProgress&) = default;
};

/// training → submitted, and the way out by decline.
struct OutcomeProgress {
    std::optional<TxRef> submit;
    std::optional<TxRef> decline;
    std::string decline_reason;          ///< not empty: a decline was decided and is on its way
    std::optional<TxRef> verdict;        ///< the foreign transaction that verified, rejected or timed out the JOB
    std::string end_reason;              ///< one sentence, set on entering an end
    std::optional<Wei> penalty = Wei{};  ///< what this node lost, EMT wei; none: unknown
    std::uint64_t gas = 0;               ///< verified gas credited by the verifier
    std::uint64_t slot = 0;              ///< day of the verdict (unix seconds / 86400)
    std::optional<Wei> paid;             ///< by the verdict, EMT wei; none: not verified, or unknown

    friend bool operator==(const OutcomeProgress&, const OutcomeProgress&) = default;
};

/// Why the JOB waits, when it does.
struct RetryProgress {
    std::uint32_t attempt = 0;  ///< consecutive failures of the current step; 0 after any progress
    std::int64_t retry_at_unix_ms = 0;
    std::string step;  ///< "download", "upload", …: the step that failed
    std::string last_error;
    std::uint32_t crashes = 0;  ///< of these failures, those in which the process ended itself; 0 after any progress

    friend bool operator==(const RetryProgress&, const RetryProgress&) = default;
};

struct Job {
    Terms terms;
    State state = State::discovered;
    std::uint64_t sequence = 0;           ///< number of the last history entry applied, from 1
    std::int64_t entered_at_unix_ms = 0;  ///< when `state` was entered
    DepositProgress deposit;
    LeaseProgress lease;
    DatasetProgress dataset;
    TrainingProgress training;
    UploadProgress upload;
    EvidenceProgress evidence;
    OutcomeProgress outcome;
    RetryProgress retry;
    std::uint32_t restarts = 0;  ///< starts of the master while this JOB was active

    friend bool operator==(const Job&, const Job&) = default;
};

}  // namespace emeth::statemachine
