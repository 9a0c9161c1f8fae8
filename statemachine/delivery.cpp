#include "statemachine/delivery.hpp"

namespace emeth::statemachine {

Delivery delivery_of(State state) {
    switch (state) {
        case State::training:
            return Delivery::artifact;
        case State::submitted:
            return Delivery::evidence;
        case State::discovered:
        case State::accepted:
        case State::downloading:
        case State::verified:
        case State::failed:
        case State::timed_out:
        case State::declined:
        case State::canceled:
        case State::lost:
        case State::skipped:
            return Delivery::nothing;
    }
    return Delivery::nothing;
}

WorkerHold hold_of(State state) {
    switch (state) {
        case State::discovered:  // after a reorganisation a worker may hold a lease here
        case State::accepted:
        case State::downloading:
        case State::training:
            return WorkerHold::work;
        case State::submitted:
            return WorkerHold::files;
        case State::verified:
        case State::failed:
        case State::timed_out:
        case State::declined:
        case State::canceled:
        case State::lost:
        case State::skipped:
            return WorkerHold::nobody;
    }
    return WorkerHold::nobody;
}

bool needs_its_lease(const Job& job) {
    switch (hold_of(job.state)) {
        case WorkerHold::nobody:
            return false;
        case WorkerHold::work:
            return job.lease.active && !job.upload.completed && job.outcome.decline_reason.empty();
        case WorkerHold::files:
            return job.evidence.block_hash && !job.evidence.upload.completed;
    }
    return false;
}

const UploadProgress& upload_in_hand(const Job& job) {
    switch (delivery_of(job.state)) {
        case Delivery::evidence:
            return job.evidence.upload;
        case Delivery::artifact:
        case Delivery::nothing:
            return job.upload;
    }
    return job.upload;
}

bool awaits_verdict(State state) {
    return delivery_of(state) == Delivery::evidence;
}

}  // namespace emeth::statemachine
