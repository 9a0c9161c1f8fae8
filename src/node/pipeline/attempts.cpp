#include "node/pipeline/attempts.hpp"

#include <utility>
#include <variant>

namespace emeth::node {

namespace sm = statemachine;

Attempts::Attempts(std::span<const storage::HistoryEntry> history) {
    for (const storage::HistoryEntry& entry : history)
        if (!entry.rejection) take(entry.event.body);
}

void Attempts::take(const sm::EventBody& event) {
    std::visit([this](const auto& body) { on(body); }, event);
}

/// The new lease has to do again what the last one lost, in which it may fail in the same way.
void Attempts::on(const sm::LeaseGranted& event) {
    worker_ = event.worker;
    opened_anew();
}

void Attempts::on(const sm::DatasetReady&) {
    if (have_dataset_.insert(worker_).second) advanced();
}

/// An artifact that was damaged is made again under the same lease, as often as that happens.
void Attempts::on(const sm::TrainingFinished& event) {
    opened_anew();
    if (std::exchange(trained_in_lease_, event.lease) == event.lease) return;
    parts_most_ = 0;
    advanced();
}

void Attempts::on(const sm::PartUploaded& event) {
    parts_.insert(event.part);
    if (parts_.size() <= parts_most_) return;
    parts_most_ = parts_.size();
    advanced();
}

void Attempts::on(const sm::EvidenceDrawn&) {
    opened_anew();
    parts_most_ = 0;
    evidence_packed_ = false;
    advanced();
}

void Attempts::on(const sm::EvidencePacked&) {
    if (!std::exchange(evidence_packed_, true)) advanced();
}

/// A decline that the chain refused is decided again.
void Attempts::on(const sm::DeclineDecided&) {
    if (!std::exchange(decline_decided_, true)) advanced();
}

}  // namespace emeth::node
