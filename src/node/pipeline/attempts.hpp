// How often in a row a JOB has failed since it last really advanced, counted from its history. The record's own count
// (statemachine::RetryProgress) is over with any event that ends a wait, such as the first part of an upload that was
// opened anew, so it would begin again with every round of the same failure. Pure. Io thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>

#include "statemachine/event.hpp"
#include "storage/job_store.hpp"

namespace emeth::node {

class Attempts {
public:
    /// `history`: from the JOB's first entry; rejected entries do not count.
    explicit Attempts(std::span<const storage::HistoryEntry> history);

    /// The next accepted event.
    void take(const statemachine::EventBody& event);
    /// Failures since the JOB last advanced: a dataset that a worker has for the first time, a new checkpoint, the
    /// artifact or evidence that is made for the first time, more parts of it uploaded than ever, an upload completed,
    /// a deposit signed, a transaction confirmed.
    [[nodiscard]] std::uint32_t failures() const { return failures_; }

private:
    void advanced() { failures_ = 0; }
    void opened_anew() { parts_.clear(); }

    void on(const statemachine::StepFailed&) { ++failures_; }
    void on(const statemachine::LeaseGranted& event);
    void on(const statemachine::DatasetReady&);
    void on(const statemachine::TrainingFinished& event);
    void on(const statemachine::UploadOpened&) { opened_anew(); }
    void on(const statemachine::UploadAborted&) { opened_anew(); }
    void on(const statemachine::PartUploaded& event);
    void on(const statemachine::EvidenceDrawn&);
    void on(const statemachine::EvidencePacked&);
    void on(const statemachine::DeclineDecided&);
    void on(const statemachine::DepositSigned&) { advanced(); }
    void on(const statemachine::ProcessConfirmed&) { advanced(); }
    void on(const statemachine::CheckpointSaved&) { advanced(); }
    void on(const statemachine::UploadCompleted&) { advanced(); }
    void on(const statemachine::SubmitConfirmed&) { advanced(); }
    template <class Other>
    void on(const Other&) {}

    std::uint32_t failures_ = 0;
    Address worker_;                      ///< of the newest lease
    std::set<Address> have_dataset_;      ///< workers that reported it
    std::uint64_t trained_in_lease_ = 0;  ///< the lease of the newest artifact; leases begin at 1
    bool evidence_packed_ = false;        ///< of the newest draw
    bool decline_decided_ = false;
    std::set<std::uint32_t> parts_;  ///< of the open upload
    std::size_t parts_most_ = 0;     ///< that any upload of this artifact or evidence has had
};

}  // namespace emeth::node
