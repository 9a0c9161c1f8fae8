// Events are facts about a JOB: something that happened and was seen. The number in each comment is the one on disk
// (storage/records.proto holds the same) and is never reused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "statemachine/job.hpp"

namespace emeth::statemachine {

enum class FailureClass : std::uint8_t {
    transient = 1,  ///< will be tried again after a back-off
    permanent = 2,  ///< cannot succeed; ends the JOB only while no deposit is locked
    bug = 3,        ///< the process ended itself in it (abort, terminate, SEGV); the next start found its marker
};

enum class ChainFact : std::uint8_t { process = 1, submit = 2, verdict = 3 };

struct Discovered {
    Terms terms;
};  // 1: creates the JOB
struct DepositSigned {
    TxRef approve;
    TxRef process;
};  // 2: in the outbox, not yet broadcast
struct ProcessConfirmed {
    TxRef process;
    Wei deposit;
};  // 3
struct LostToOtherNode {
    Address node;
};                              // 4
struct CanceledByRequester {};  // 5
struct BecameInfeasible {
    std::string reason;
};  // 6
struct ProcessReverted {
    TxRef process;
    std::string reason;
};  // 7: mined with status 0; no deposit locked
struct LeaseGranted {
    std::uint64_t number = 0;
    Address worker;
};  // 8
struct LeaseRevoked {
    std::uint64_t number = 0;
    std::string reason;
};  // 9
struct DatasetReady {
    std::uint64_t lease = 0;
    Hash256 sha256;
    std::uint64_t bytes = 0, tokens = 0, steps_total = 0;
};  // 10
struct CheckpointSaved {
    std::uint64_t lease = 0;
    Checkpoint checkpoint;
};  // 11
struct TrainingResumed {
    std::uint64_t lease = 0, step = 0;
    std::string reason;
};  // 12: a new trainer process continued at `step`
struct TrainingFinished {
    std::uint64_t lease = 0;
    Artifact artifact;
};  // 13
struct UploadOpened {
    std::uint64_t lease = 0;
    std::string upload_id, file_name;
    std::uint32_t parts_total = 0;
};  // 14
struct PartUploaded {
    std::uint64_t lease = 0;
    std::uint32_t part = 0;
    std::string etag;
};  // 15
struct UploadAborted {
    std::string reason;
};  // 16: to be opened again
struct UploadCompleted {
    std::string file_name;
};  // 17
struct SubmitSigned {
    TxRef submit;
};  // 18
struct SubmitConfirmed {
    TxRef submit;
};  // 19
struct Verified {
    TxRef verdict;
    std::uint64_t gas = 0, slot = 0;
};  // 20: verdict.nonce is unused (foreign transaction)
struct ResultRejected {
    TxRef verdict;
    Wei penalty;
};  // 21
struct TimedOut {
    TxRef verdict;
    Wei penalty;
};  // 22
struct DeclineDecided {
    std::string reason;
};  // 23: by an operator or by the cost rule
struct DeclineSigned {
    TxRef decline;
};  // 24
struct Declined {
    TxRef decline;
    Wei penalty;
};  // 25
struct Restarted {
    std::string reason;
};  // 26: the master started and found this JOB active
struct ReorgedOut {
    ChainFact fact = ChainFact::process;
};                   // 27: the fact is no longer on the chain
struct StepFailed {  // 28
    FailureClass failure = FailureClass::transient;
    std::string step;  ///< "download", "upload", "submit", …
    std::string message;
    std::uint32_t attempt = 0;
    std::int64_t retry_at_unix_ms = 0;
};
struct WorkerLost {
    std::uint64_t lease = 0;
    std::string reason;
};  // 29: connection gone; the lease still stands
struct SubmitReverted {
    TxRef submit;
    std::string reason;
};  // 30: mined with status 0
struct DeclineReverted {
    TxRef decline;
    std::string reason;
};  // 31: mined with status 0
struct EvidenceDrawn {
    Hash256 block_hash;
    std::vector<std::uint32_t> segments;
};  // 32: by the block that holds the submit
struct EvidencePacked {
    std::uint64_t lease = 0;
    Hash256 block_hash;
    EvidenceFile file;
};  // 33: the worker has it as one file

/// The order is the on-disk number minus one.
using EventBody = std::variant<Discovered, DepositSigned, ProcessConfirmed, LostToOtherNode, CanceledByRequester,
                               BecameInfeasible, ProcessReverted, LeaseGranted, LeaseRevoked, DatasetReady,
                               CheckpointSaved, TrainingResumed, TrainingFinished, UploadOpened, PartUploaded,
                               UploadAborted, UploadCompleted, SubmitSigned, SubmitConfirmed, Verified, ResultRejected,
                               TimedOut, DeclineDecided, DeclineSigned, Declined, Restarted, ReorgedOut, StepFailed,
                               WorkerLost, SubmitReverted, DeclineReverted, EvidenceDrawn, EvidencePacked>;

struct Event {
    std::int64_t at_unix_ms = 0;  ///< wall time, for the story only; nothing is decided by it
    EventBody body;
};

inline constexpr std::size_t event_kinds = std::variant_size_v<EventBody>;

/// Index of the event type `E` in EventBody; its number on disk is one more.
template <class E>
inline constexpr std::size_t event_index = []<class... Kinds>(const std::variant<Kinds...>*) {
    static_assert((std::is_same_v<E, Kinds> + ...) == 1, "not an event");
    std::size_t index = 0;
    const bool found = ((std::is_same_v<E, Kinds> || (++index, false)) || ...);
    return found ? index : event_kinds;
}(static_cast<const EventBody*>(nullptr));

/// "ProcessConfirmed", …
std::string_view name(const EventBody& event);
std::string_view event_name(std::size_t index);

/// One sentence in English, for `emeth state history`: "deposit of 110 EMT confirmed in block 17".
std::string describe(const EventBody& event);

}  // namespace emeth::statemachine
