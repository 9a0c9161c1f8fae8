// Events are facts about a JOB: something that happened and was observed. The number before each is its number on disk
// (the same as in storage/records.proto) and is never reused. `name` is the event's name in logs and histories.
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
    transient = 1,  ///< will be retried after a back-off
    permanent = 2,  ///< cannot succeed; ends the JOB only while no deposit is locked
    bug = 3,  ///< the process ended itself during this step (abort, terminate, SEGV); the next start found its marker
};

enum class ChainFact : std::uint8_t { process = 1, submit = 2, verdict = 3 };

/// 1: creates the JOB
struct Discovered {
    static constexpr std::string_view name = "Discovered";
    Terms terms;
};

/// 2: in the outbox, not yet broadcast
struct DepositSigned {
    static constexpr std::string_view name = "DepositSigned";
    std::optional<TxRef> approve;  ///< none: what was approved before covers the deposit
    TxRef process;
};

/// 3
struct ProcessConfirmed {
    static constexpr std::string_view name = "ProcessConfirmed";
    TxRef process;
    Wei deposit;
};

/// 4
struct LostToOtherNode {
    static constexpr std::string_view name = "LostToOtherNode";
    Address node;
};

/// 5
struct CanceledByRequester {
    static constexpr std::string_view name = "CanceledByRequester";
};

/// 6
struct BecameInfeasible {
    static constexpr std::string_view name = "BecameInfeasible";
    std::string reason;
};

/// 7: mined with status 0; no deposit locked
struct ProcessReverted {
    static constexpr std::string_view name = "ProcessReverted";
    TxRef process;
    std::string reason;
};

/// 8
struct LeaseGranted {
    static constexpr std::string_view name = "LeaseGranted";
    std::uint64_t number = 0;
    Address worker;
};

/// 9
struct LeaseRevoked {
    static constexpr std::string_view name = "LeaseRevoked";
    std::uint64_t number = 0;
    std::string reason;
};

/// 10
struct DatasetReady {
    static constexpr std::string_view name = "DatasetReady";
    std::uint64_t lease = 0;
    Hash256 sha256;
    std::uint64_t bytes = 0, tokens = 0, steps_total = 0;
};

/// 11
struct CheckpointSaved {
    static constexpr std::string_view name = "CheckpointSaved";
    std::uint64_t lease = 0;
    Checkpoint checkpoint;
};

/// 12: a new trainer process continued at `step`
struct TrainingResumed {
    static constexpr std::string_view name = "TrainingResumed";
    std::uint64_t lease = 0, step = 0;
    std::string reason;
};

/// 13
struct TrainingFinished {
    static constexpr std::string_view name = "TrainingFinished";
    std::uint64_t lease = 0;
    Artifact artifact;
};

/// 14
struct UploadOpened {
    static constexpr std::string_view name = "UploadOpened";
    std::uint64_t lease = 0;
    std::string upload_id, file_name;
    std::uint32_t parts_total = 0;
};

/// 15
struct PartUploaded {
    static constexpr std::string_view name = "PartUploaded";
    std::uint64_t lease = 0;
    std::uint32_t part = 0;
    std::string etag;
};

/// 16: a new upload will be opened
struct UploadAborted {
    static constexpr std::string_view name = "UploadAborted";
    std::string reason;
};

/// 17
struct UploadCompleted {
    static constexpr std::string_view name = "UploadCompleted";
    std::string file_name;
};

/// 18
struct SubmitSigned {
    static constexpr std::string_view name = "SubmitSigned";
    TxRef submit;
};

/// 19
struct SubmitConfirmed {
    static constexpr std::string_view name = "SubmitConfirmed";
    TxRef submit;
};

/// 20: verdict.nonce is unused (foreign transaction)
struct Verified {
    static constexpr std::string_view name = "Verified";
    TxRef verdict;
    std::uint64_t gas = 0, slot = 0;
    std::optional<Wei> paid{};  ///< to this node by the verdict, EMT wei; none: unknown
};

/// 21
struct ResultRejected {
    static constexpr std::string_view name = "ResultRejected";
    TxRef verdict;
    std::optional<Wei> penalty;  ///< what this node lost of its deposit, EMT wei; none: unknown
    std::string reason{};        ///< the verifier's, one line; empty: unknown
};

/// 22
struct TimedOut {
    static constexpr std::string_view name = "TimedOut";
    TxRef verdict;
    std::optional<Wei> penalty;  ///< as in ResultRejected
    std::int64_t at_unix_s = 0;  ///< chain time of the verdict; 0: recorded by an emeth that did not look
};

/// 23: by an operator or by the cost rule
struct DeclineDecided {
    static constexpr std::string_view name = "DeclineDecided";
    std::string reason;
};

/// 24
struct DeclineSigned {
    static constexpr std::string_view name = "DeclineSigned";
    TxRef decline;
};

/// 25
struct Declined {
    static constexpr std::string_view name = "Declined";
    TxRef decline;
    std::optional<Wei> penalty;  ///< as in ResultRejected
};

/// 26: the master started and found this JOB active
struct Restarted {
    static constexpr std::string_view name = "Restarted";
    std::string reason;
};

/// 27: the fact is no longer on the chain
struct ReorgedOut {
    static constexpr std::string_view name = "ReorgedOut";
    ChainFact fact = ChainFact::process;
};

/// 28
struct StepFailed {
    static constexpr std::string_view name = "StepFailed";
    FailureClass failure = FailureClass::transient;
    std::string step;  ///< "download", "upload", "submit", …
    std::string message;
    std::uint32_t attempt = 0;
    std::int64_t retry_at_unix_ms = 0;
};

/// 29: connection gone; the lease still stands
struct WorkerLost {
    static constexpr std::string_view name = "WorkerLost";
    std::uint64_t lease = 0;
    std::string reason;
};

/// 30: mined with status 0
struct SubmitReverted {
    static constexpr std::string_view name = "SubmitReverted";
    TxRef submit;
    std::string reason;
};

/// 31: mined with status 0
struct DeclineReverted {
    static constexpr std::string_view name = "DeclineReverted";
    TxRef decline;
    std::string reason;
};

/// 32: by the block that holds the submit
struct EvidenceDrawn {
    static constexpr std::string_view name = "EvidenceDrawn";
    Hash256 block_hash;
    std::vector<std::uint32_t> segments;
};

/// 33: the worker has it as one file
struct EvidencePacked {
    static constexpr std::string_view name = "EvidencePacked";
    std::uint64_t lease = 0;
    Hash256 block_hash;
    WorkerFile file;
};

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
