// What each state delivers, and what it holds its worker for.
#include "statemachine/delivery.hpp"

#include "unit/statemachine/check.hpp"

namespace emeth::statemachine {
namespace {

const Hash256 block = test::numbered<Hash256>(6000);

TEST(Delivery, IsTheArtifactWhileTrainingAndTheEvidenceWhileTheVerdictIsAwaited) {
    for (const State state : all_states) {
        const Delivery expected = state == State::training    ? Delivery::artifact
                                  : state == State::submitted ? Delivery::evidence
                                                              : Delivery::nothing;
        EXPECT_EQ(delivery_of(state), expected) << name(state);
        EXPECT_EQ(awaits_verdict(state), state == State::submitted) << name(state);
    }
}

TEST(Delivery, AWorkerIsHeldForItsWorkUntilTheSubmitAndForItsFilesAfterIt) {
    for (const State state : all_states) {
        const WorkerHold expected = is_end(state)               ? WorkerHold::nobody
                                    : state == State::submitted ? WorkerHold::files
                                                                : WorkerHold::work;
        EXPECT_EQ(hold_of(state), expected) << name(state);
    }
}

TEST(Delivery, ALeaseIsNeededUntilTheUploadIsCompleteOrADeclineIsDecided) {
    EXPECT_FALSE(needs_its_lease(straight(process_confirmed))) << "nobody holds a lease yet";
    EXPECT_TRUE(needs_its_lease(straight(lease_granted)));
    EXPECT_TRUE(needs_its_lease(straight(all_parts_uploaded)));
    EXPECT_FALSE(needs_its_lease(straight(upload_completed)));
    EXPECT_FALSE(needs_its_lease(after(straight(checkpoint_saved), DeclineDecided{"the deadline is out of reach"})));
}

TEST(Delivery, ALeaseIsNeededAgainFromTheDrawUntilTheEvidenceIsUploaded) {
    Job job = test::job_in(State::submitted);
    EXPECT_FALSE(needs_its_lease(job));
    job = after(job, EvidenceDrawn{block, {0, 3}});
    EXPECT_TRUE(needs_its_lease(job));
    job.evidence.upload.completed = true;
    EXPECT_FALSE(needs_its_lease(job));
}

TEST(Delivery, TheUploadInHandIsTheOneOfTheState) {
    Job job = test::job_in(State::submitted);
    job.upload.file_name = "result.tar";
    job.evidence.upload.file_name = "shown.evidence";
    EXPECT_EQ(upload_in_hand(job).file_name, "shown.evidence");
    job.state = State::training;
    EXPECT_EQ(upload_in_hand(job).file_name, "result.tar");
}

}  // namespace
}  // namespace emeth::statemachine
