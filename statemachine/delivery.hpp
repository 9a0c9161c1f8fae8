// What a JOB's state has to deliver, and what it holds its worker for. Everything that differs between "the artifact is
// uploaded while training" and "the evidence is uploaded while the verdict is awaited" is decided here.
#pragma once

#include <cstdint>

#include "statemachine/job.hpp"

namespace emeth::statemachine {

/// What goes into the Storage API in this state.
enum class Delivery : std::uint8_t { nothing, artifact, evidence };
Delivery delivery_of(State state);

/// What a JOB in this state holds its worker for.
enum class WorkerHold : std::uint8_t {
    nobody,  ///< no worker is held
    work,    ///< the worker does nothing else; another worker may take the JOB over
    files,   ///< only this worker has what must be shown; it packs and uploads that beside the work on another JOB
};
WorkerHold hold_of(State state);

/// Whether the JOB, as it stands, still needs the worker of its lease: with the upload complete or a decline decided it
/// needs none, until evidence is to be shown.
bool needs_its_lease(const Job& job);

/// The upload that the JOB's state is about: of the evidence where that is what the state delivers, else of the
/// artifact.
const UploadProgress& upload_in_hand(const Job& job);

/// Whether the verifier's verdict can end a JOB in this state: only a submitted result has one.
bool awaits_verdict(State state);

}  // namespace emeth::statemachine
