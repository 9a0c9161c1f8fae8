// What a JOB delivers in each state, and what it holds its worker for. Everything that differs between "the artifact is
// uploaded while training" and "the evidence is uploaded while the verdict is awaited" is decided here.
#pragma once

#include <cstdint>

#include "statemachine/job.hpp"

namespace emeth::statemachine {

/// What is uploaded to the Storage API in this state.
enum class Delivery : std::uint8_t { nothing, artifact, evidence };
Delivery delivery_of(State state);

/// What a JOB in this state holds its worker for.
enum class WorkerHold : std::uint8_t {
    nobody,  ///< no worker is held
    work,    ///< the worker does nothing else; another worker may take the JOB over
    files,   ///< only this worker has what must be shown; it packs and uploads that while working on another JOB
};
WorkerHold hold_of(State state);

/// Whether the JOB in its current state still needs the worker of its lease: once the upload is complete or a decline
/// is decided it needs none, until evidence must be shown.
bool needs_its_lease(const Job& job);

/// The upload that the JOB's state concerns: the evidence if that is what the state delivers, otherwise the artifact.
const UploadProgress& upload_in_hand(const Job& job);

/// Whether the verifier's verdict can end a JOB in this state: only a submitted result receives one.
bool awaits_verdict(State state);

}  // namespace emeth::statemachine
