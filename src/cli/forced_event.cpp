#include "cli/forced_event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "runtime/redaction.hpp"

namespace emeth::cli {

namespace {

using namespace statemachine;

constexpr std::array<ForcibleEvent, 5> events{{
    {"LeaseRevoked", "the worker is gone for good: another one gets the JOB at the next start",
     [](const Job& job, std::string reason, std::int64_t) -> EventBody {
         return LeaseRevoked{job.lease.number, std::move(reason)};
     }},
    {"UploadAborted", "the Storage API has lost the upload: a new one is opened",
     [](const Job&, std::string reason, std::int64_t) -> EventBody { return UploadAborted{std::move(reason)}; }},
    {"StepFailed", "a long back-off whose cause is mended: the step is retried at the next start",
     [](const Job& job, std::string reason, std::int64_t now) -> EventBody {
         return StepFailed{FailureClass::transient, job.retry.step, std::move(reason), job.retry.attempt, now};
     }},
    {"BecameInfeasible", "a JOB that was chosen and has signed no deposit is let go",
     [](const Job&, std::string reason, std::int64_t) -> EventBody { return BecameInfeasible{std::move(reason)}; }},
    {"DeclineDecided", "the JOB is given back at the next start, at the price of the penalty",
     [](const Job&, std::string reason, std::int64_t) -> EventBody { return DeclineDecided{std::move(reason)}; }},
}};

std::string names() {
    std::string list;
    for (const ForcibleEvent& event : events) list += (list.empty() ? "" : ", ") + std::string(event.name);
    return list;
}

}  // namespace

std::span<const ForcibleEvent> forcible_events() {
    return events;
}

Result<Event> forced_event(std::string_view name, const Job& job, std::string_view reason, std::int64_t now_unix_ms) {
    const auto event = std::ranges::find(events, name, &ForcibleEvent::name);
    if (event == events.end())
        return permanent_error(
            fmt::format("'{}' cannot be recorded by hand; there are {}. What chain, workers and "
                        "servers say, only they can say",
                        redacted(name), names()));
    if (name == "StepFailed" && job.retry.attempt == 0)
        return permanent_error("the JOB waits for no retry: there is none to bring forward");
    std::string told = "forced by the operator";
    if (!reason.empty()) told += fmt::format(": {}", reason);
    return Event{now_unix_ms, event->make(job, std::move(told), now_unix_ms)};
}

}  // namespace emeth::cli
