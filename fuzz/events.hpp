// Events of JOBs, cut from the fuzzer's bytes.
#pragma once

#include <cstdint>

#include "fuzz/fuzz_input.hpp"
#include "statemachine/transition.hpp"

namespace emeth::fuzz {

using namespace statemachine;

/// One of a few values, so that the same ones come up again.
template <class Bytes>
Bytes few(Input& input) {
    Bytes value;
    value.bytes.back() = input.integer<std::uint8_t>() % 4;
    return value;
}

inline std::uint64_t small(Input& input) {
    return input.integer<std::uint8_t>() % 8;
}

inline TxRef tx(Input& input) {
    return {few<Hash256>(input), small(input), small(input)};
}

inline Artifact artifact(Input& input) {
    return {few<Hash256>(input), input.integer<std::uint64_t>(), 2, small(input), {}, 1.5};
}

/// Any kind of event, whether it fits a JOB or not.
inline EventBody event(Input& input) {
    switch (input.integer<std::uint8_t>() % event_kinds) {
        case 0:
            return Discovered{};
        case 1:
            return DepositSigned{tx(input), tx(input)};
        case 2:
            return ProcessConfirmed{tx(input), few<Wei>(input)};
        case 3:
            return LostToOtherNode{few<Address>(input)};
        case 4:
            return CanceledByRequester{};
        case 5:
            return BecameInfeasible{input.text()};
        case 6:
            return ProcessReverted{tx(input), input.text()};
        case 7:
            return LeaseGranted{small(input), few<Address>(input)};
        case 8:
            return LeaseRevoked{small(input), input.text()};
        case 9:
            return DatasetReady{small(input), few<Hash256>(input), small(input), small(input), small(input)};
        case 10:
            return CheckpointSaved{small(input), {1, small(input), few<Hash256>(input), 2.5}};
        case 11:
            return TrainingResumed{small(input), small(input), input.text()};
        case 12:
            return TrainingFinished{small(input), artifact(input)};
        case 13:
            return UploadOpened{small(input), input.text(), input.text(), input.integer<std::uint32_t>()};
        case 14:
            return PartUploaded{small(input), input.integer<std::uint32_t>() % 4, input.text()};
        case 15:
            return UploadAborted{input.text()};
        case 16:
            return UploadCompleted{input.text()};
        case 17:
            return SubmitSigned{tx(input)};
        case 18:
            return SubmitConfirmed{tx(input)};
        case 19:
            return Verified{tx(input), small(input), small(input)};
        case 20:
            return ResultRejected{tx(input), few<Wei>(input), input.text()};
        case 21:
            return TimedOut{tx(input), few<Wei>(input)};
        case 22:
            return DeclineDecided{input.text()};
        case 23:
            return DeclineSigned{tx(input)};
        case 24:
            return Declined{tx(input), few<Wei>(input)};
        case 25:
            return Restarted{input.text()};
        case 26:
            return ReorgedOut{static_cast<ChainFact>(1 + input.integer<std::uint8_t>() % 3)};
        case 27:
            return StepFailed{static_cast<FailureClass>(1 + input.integer<std::uint8_t>() % 3), input.text(),
                              input.text(), 1, 5};
        case 28:
            return WorkerLost{small(input), input.text()};
        case 29:
            return SubmitReverted{tx(input), input.text()};
        case 30:
            return DeclineReverted{tx(input), input.text()};
        case 31:
            return EvidenceDrawn{few<Hash256>(input), {0, input.integer<std::uint32_t>()}};
        case 32:
            return EvidencePacked{small(input), few<Hash256>(input), {few<Hash256>(input), small(input)}};
        default:
            return CanceledByRequester{};
    }
}

}  // namespace emeth::fuzz
