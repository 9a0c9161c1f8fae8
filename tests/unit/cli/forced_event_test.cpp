#include "cli/forced_event.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "statemachine/transition.hpp"
#include "support/job_events.hpp"

namespace emeth::cli {
namespace {

using namespace statemachine;
using ::testing::HasSubstr;

constexpr std::int64_t now = 1'700'000'000'000;

Job after(const Job& job, std::string_view event) {
    TransitionResult outcome = transition(job, forced_event(event, job, "mended", now).value());
    EXPECT_TRUE(std::holds_alternative<Transition>(outcome)) << event;
    return std::get<Transition>(std::move(outcome)).next;
}

TEST(ForcedEvent, SaysWhoRecordedIt) {
    for (const ForcibleEvent& event : forcible_events()) {
        Job job = test::job_in(State::training);
        job.retry.attempt = 1;
        EXPECT_THAT(describe(forced_event(event.name, job, "mended", now).value().body),
                    HasSubstr("forced by the operator: mended"))
            << event.name;
        EXPECT_THAT(describe(forced_event(event.name, job, "", now).value().body), HasSubstr("forced by the operator"));
    }
}

TEST(ForcedEvent, TakesAJobFromItsWorker) {
    const Job next = after(test::job_in(State::training), "LeaseRevoked");
    EXPECT_EQ(next.state, State::accepted);
    EXPECT_EQ(next_command(next), Command::lease_worker);
}

TEST(ForcedEvent, BringsARetryForward) {
    Job job = test::job_in(State::accepted);
    job.retry = {3, now + 1'800'000, "download", "storage answered 503", 3};
    const Job next = after(job, "StepFailed");
    EXPECT_EQ(next.retry.retry_at_unix_ms, now);
    EXPECT_EQ(next.retry.step, "download");
    EXPECT_EQ(next.retry.crashes, 3U) << "what it did to the master is not forgotten";
    EXPECT_THAT(forced_event("StepFailed", test::job_in(State::accepted), "", now).error().message,
                HasSubstr("waits for no retry"));
}

TEST(ForcedEvent, DecidesADecline) {
    EXPECT_EQ(next_command(after(test::job_in(State::accepted), "DeclineDecided")), Command::send_decline);
    EXPECT_EQ(after(test::job_in(State::discovered), "BecameInfeasible").state, State::skipped);
}

TEST(ForcedEvent, WhatChainWorkersAndServersSayIsNotForOperators) {
    const Job job = test::job_in(State::submitted);
    for (const EventBody& body : test::event_of_every_kind()) {
        const bool is_ours = std::ranges::any_of(forcible_events(),
                                                 [&](const ForcibleEvent& event) { return event.name == name(body); });
        if (is_ours) continue;
        EXPECT_THAT(forced_event(name(body), job, "", now).error().message, HasSubstr("cannot be recorded by hand"));
    }
    for (const std::string_view never : {"Verified", "ProcessConfirmed", "SubmitConfirmed", "DatasetReady",
                                         "CheckpointSaved", "UploadCompleted", "DepositSigned", "ReorgedOut"})
        EXPECT_TRUE(forced_event(never, job, "", now).has_error()) << never;
}

}  // namespace
}  // namespace emeth::cli
