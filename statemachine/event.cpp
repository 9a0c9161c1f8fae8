#include "statemachine/event.hpp"

#include <algorithm>
#include <array>

namespace emeth::statemachine {
namespace {

constexpr std::array<std::string_view, event_kinds> event_names = [] {
    std::array<std::string_view, event_kinds> names{};
    names[event_index<Discovered>] = "Discovered";
    names[event_index<DepositSigned>] = "DepositSigned";
    names[event_index<ProcessConfirmed>] = "ProcessConfirmed";
    names[event_index<LostToOtherNode>] = "LostToOtherNode";
    names[event_index<CanceledByRequester>] = "CanceledByRequester";
    names[event_index<BecameInfeasible>] = "BecameInfeasible";
    names[event_index<ProcessReverted>] = "ProcessReverted";
    names[event_index<LeaseGranted>] = "LeaseGranted";
    names[event_index<LeaseRevoked>] = "LeaseRevoked";
    names[event_index<DatasetReady>] = "DatasetReady";
    names[event_index<CheckpointSaved>] = "CheckpointSaved";
    names[event_index<TrainingResumed>] = "TrainingResumed";
    names[event_index<TrainingFinished>] = "TrainingFinished";
    names[event_index<UploadOpened>] = "UploadOpened";
    names[event_index<PartUploaded>] = "PartUploaded";
    names[event_index<UploadAborted>] = "UploadAborted";
    names[event_index<UploadCompleted>] = "UploadCompleted";
    names[event_index<SubmitSigned>] = "SubmitSigned";
    names[event_index<SubmitConfirmed>] = "SubmitConfirmed";
    names[event_index<Verified>] = "Verified";
    names[event_index<ResultRejected>] = "ResultRejected";
    names[event_index<TimedOut>] = "TimedOut";
    names[event_index<DeclineDecided>] = "DeclineDecided";
    names[event_index<DeclineSigned>] = "DeclineSigned";
    names[event_index<Declined>] = "Declined";
    names[event_index<Restarted>] = "Restarted";
    names[event_index<ReorgedOut>] = "ReorgedOut";
    names[event_index<StepFailed>] = "StepFailed";
    names[event_index<WorkerLost>] = "WorkerLost";
    names[event_index<EvidenceDrawn>] = "EvidenceDrawn";
    names[event_index<EvidencePacked>] = "EvidencePacked";
    names[event_index<SubmitReverted>] = "SubmitReverted";
    names[event_index<DeclineReverted>] = "DeclineReverted";
    return names;
}();
static_assert(std::ranges::none_of(event_names, [](std::string_view name) { return name.empty(); }),
              "every event needs a name");

}  // namespace

std::string_view event_name(std::size_t index) {
    return index < event_kinds ? event_names[index] : "unknown";
}

std::string_view name(const EventBody& event) {
    return event_name(event.index());
}

}  // namespace emeth::statemachine
