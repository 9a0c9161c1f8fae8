// Leases, dataset, training and upload.
#include "statemachine/upload_parts.hpp"
#include "unit/statemachine/check.hpp"

namespace emeth::statemachine {
namespace {

using test::numbered;
using test::tx;

const Address worker = numbered<Address>(7);
const Address other_worker = numbered<Address>(8);

Checkpoint at_step(std::uint64_t step, std::uint32_t epoch = 1) {
    return {epoch, step, numbered<Hash256>(step), 3.0};
}

TEST(Lease, NumbersGrowByOne) {
    const Job job = straight(process_confirmed);
    EXPECT_EQ(rejection_kind(job, LeaseGranted{0, worker}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(job, LeaseGranted{2, worker}), RejectionKind::contradicts_record);
    const Job leased = after(job, LeaseGranted{1, worker});
    EXPECT_EQ(leased.state, State::downloading);
    EXPECT_EQ(next_command(leased), Command::download);
    const Job revoked = after(leased, LeaseRevoked{1, "gone"});
    EXPECT_EQ(revoked.state, State::accepted);
    EXPECT_EQ(rejection_kind(revoked, LeaseGranted{1, worker}), RejectionKind::contradicts_record);
    EXPECT_EQ(after(revoked, LeaseGranted{2, worker}).lease, (LeaseProgress{2, worker, true}));
}

TEST(Lease, FencesEveryReportOfAnOldWorker) {
    Job job = after(straight(training_finished), LeaseRevoked{1, "gone"});
    job = after(job, LeaseGranted{2, other_worker});
    EXPECT_EQ(rejection_kind(job, DatasetReady{1, numbered<Hash256>(1), 1, 1, 1}), RejectionKind::stale_lease);
    EXPECT_EQ(rejection_kind(job, LeaseRevoked{1, "again"}), RejectionKind::stale_lease);
    EXPECT_EQ(rejection_kind(job, WorkerLost{1, "gone"}), RejectionKind::stale_lease);
    job = after(job, DatasetReady{2, numbered<Hash256>(1), 1, 1, 1});
    EXPECT_EQ(rejection_kind(job, CheckpointSaved{1, at_step(400)}), RejectionKind::stale_lease);
    EXPECT_EQ(rejection_kind(job, TrainingResumed{1, 0, "x"}), RejectionKind::stale_lease);
    EXPECT_EQ(rejection_kind(job, TrainingFinished{1, {}}), RejectionKind::stale_lease);
    EXPECT_EQ(rejection_kind(job, UploadOpened{1, "u", "f", 1}), RejectionKind::stale_lease);
    EXPECT_EQ(rejection_kind(job, PartUploaded{3, 1, "e"}), RejectionKind::stale_lease);
}

TEST(Lease, SameWorkerKeepsItsFilesAnotherStartsAnew) {
    const Job revoked = after(straight(upload_opened), LeaseRevoked{1, "gone"});
    const Job same = after(revoked, LeaseGranted{2, worker});
    EXPECT_TRUE(same.training.checkpoint);
    EXPECT_TRUE(same.training.artifact);
    EXPECT_EQ(same.upload, UploadProgress{}) << "one upload a lease";

    const Job other = after(revoked, LeaseGranted{2, other_worker});
    EXPECT_FALSE(other.training.checkpoint);
    EXPECT_FALSE(other.training.artifact);
    EXPECT_EQ(other.upload, UploadProgress{});
    EXPECT_EQ(other.dataset.sha256, numbered<Hash256>(1)) << "kept to compare";
    EXPECT_EQ(rejection_kind(other, DatasetReady{2, numbered<Hash256>(2), 1, 1, 1}), RejectionKind::contradicts_record);
    EXPECT_EQ(after(other, DatasetReady{2, numbered<Hash256>(1), 1, 1, 1}).state, State::training);
}

TEST(Lease, ADigestThatTheNextLeaseDidNotConfirmIsForgotten) {
    Job job = after(straight(upload_opened), LeaseRevoked{1, "gone"});
    job = after(job, LeaseGranted{2, other_worker});
    EXPECT_EQ(rejection_kind(job, DatasetReady{2, numbered<Hash256>(2), 1, 1, 1}), RejectionKind::contradicts_record);
    job = after(job, LeaseRevoked{2, "the dataset was replaced or damaged"});
    EXPECT_FALSE(job.dataset.sha256) << "one word against another";
    job = after(job, LeaseGranted{3, other_worker});
    EXPECT_EQ(after(job, DatasetReady{3, numbered<Hash256>(2), 1, 1, 1}).state, State::training);
}

TEST(Lease, LossOfTheConnectionLeavesTheLease) {
    const Job job = straight(dataset_ready);
    EXPECT_EQ(after(job, WorkerLost{1, "closed"}), job);
}

TEST(Lease, IsNotGrantedOnceADeclineWasDecided) {
    const Job job = after(straight(process_confirmed), DeclineDecided{"operator"});
    EXPECT_EQ(rejection_kind(job, LeaseGranted{1, worker}), RejectionKind::contradicts_record);
}

TEST(Training, CheckpointsOnlyGrow) {
    const Job job = straight(checkpoint_saved);  // step 300, epoch 1
    EXPECT_EQ(rejection_kind(job, CheckpointSaved{1, *job.training.checkpoint}), RejectionKind::already_known);
    EXPECT_EQ(rejection_kind(job, CheckpointSaved{1, at_step(299)}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(job, CheckpointSaved{1, at_step(300)}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(job, CheckpointSaved{1, at_step(400, 0)}), RejectionKind::contradicts_record);
    EXPECT_EQ(after(job, CheckpointSaved{1, at_step(301)}).training.checkpoint, at_step(301));
}

TEST(Training, ResumesAtTheCheckpointOrBeyond) {
    const Job fresh = straight(dataset_ready);
    EXPECT_EQ(after(fresh, TrainingResumed{1, 0, "started"}).training.resumes, 0U);
    EXPECT_EQ(after(fresh, TrainingResumed{1, 90, "report lost in a crash"}).training.resumes, 1U);

    const Job job = straight(checkpoint_saved);
    EXPECT_EQ(after(job, TrainingResumed{1, 300, "killed"}).training.resumes, 1U);
    EXPECT_EQ(after(job, TrainingResumed{1, 310, "killed"}).training.resumes, 1U);
    EXPECT_EQ(rejection_kind(job, TrainingResumed{1, 299, "killed"}), RejectionKind::contradicts_record);
    EXPECT_FALSE(after(job, TrainingResumed{1, 0, "checkpoint damaged"}).training.checkpoint);
    EXPECT_EQ(rejection_kind(straight(training_finished), TrainingResumed{1, 300, "x"}),
              RejectionKind::contradicts_record);
}

TEST(Training, ReportsDoNotFitWhileDownloading) {
    const Job job = straight(lease_granted);
    EXPECT_EQ(rejection_kind(job, CheckpointSaved{1, at_step(1)}), RejectionKind::not_in_this_state);
    EXPECT_EQ(rejection_kind(job, TrainingResumed{1, 0, "x"}), RejectionKind::not_in_this_state);
}

TEST(Training, FailureIsForgottenOnProgressAlone) {
    const Job failed = after(straight(dataset_ready), StepFailed{FailureClass::transient, "train", "killed", 2, 99});
    EXPECT_EQ(after(failed, TrainingResumed{1, 0, "started"}).retry.attempt, 2U) << "a crash loop must back off";
    EXPECT_EQ(after(failed, CheckpointSaved{1, at_step(10)}).retry, RetryProgress{});
    EXPECT_EQ(after(failed, TrainingFinished{1, {}}).retry, RetryProgress{});
}

/// An upload of what its worker no longer has went on until the deadline.
TEST(Training, AnArtifactThatWasMadeAgainTakesThePlaceOfTheFirstUntilThatIsUploaded) {
    const Job job = straight(training_finished);
    Artifact other = *job.training.artifact;
    other.sha256 = numbered<Hash256>(99);
    EXPECT_EQ(rejection_kind(job, TrainingFinished{1, *job.training.artifact}), RejectionKind::already_known);
    EXPECT_EQ(after(job, TrainingFinished{1, other}).training.artifact, other);
    const Job again = after(straight(upload_opened), TrainingFinished{1, other});
    EXPECT_EQ(again.training.artifact, other);
    EXPECT_EQ(again.upload, UploadProgress{}) << "parts of the first artifact are none of the second";
    EXPECT_EQ(next_command(again), Command::open_upload);
    EXPECT_EQ(rejection_kind(straight(upload_completed), TrainingFinished{1, other}),
              RejectionKind::contradicts_record);
}

TEST(Upload, NeedsAnArtifactAndIsOpenedOnce) {
    EXPECT_EQ(rejection_kind(straight(checkpoint_saved), UploadOpened{1, "u", "f", 2}),
              RejectionKind::contradicts_record);
    const Job job = straight(training_finished);
    EXPECT_EQ(next_command(job), Command::open_upload);
    EXPECT_EQ(rejection_kind(job, UploadOpened{1, "u", "f", 0}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(job, UploadOpened{1, "u", "f", upload_parts_max + 1}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(job, UploadOpened{1, "", "f", 1}), RejectionKind::contradicts_record);
    const Job open = after(job, UploadOpened{1, "u", "f", 2});
    EXPECT_EQ(next_command(open), Command::upload_parts);
    EXPECT_EQ(rejection_kind(open, UploadOpened{1, "u", "f", 2}), RejectionKind::already_known);
    EXPECT_EQ(rejection_kind(open, UploadOpened{1, "v", "f", 2}), RejectionKind::contradicts_record);
}

TEST(Upload, PartsMayBePutAgain) {
    const Job job = straight(upload_opened);
    EXPECT_EQ(rejection_kind(job, PartUploaded{1, 0, "e"}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(job, PartUploaded{1, 3, "e"}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(job, PartUploaded{1, 1, ""}), RejectionKind::contradicts_record);
    const Job one = after(job, PartUploaded{1, 2, "e"});
    EXPECT_EQ(next_command(one), Command::upload_parts);
    EXPECT_EQ(rejection_kind(one, PartUploaded{1, 2, "e"}), RejectionKind::already_known);
    EXPECT_EQ(after(one, PartUploaded{1, 2, "f"}).upload.etags.at(2), "f");
    EXPECT_EQ(next_command(after(one, PartUploaded{1, 1, "e"})), Command::complete_upload);
}

TEST(Upload, CompletesWithAllPartsUnderItsName) {
    EXPECT_EQ(rejection_kind(straight(upload_opened), UploadCompleted{"result.tar"}),
              RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(straight(training_finished), UploadCompleted{"result.tar"}),
              RejectionKind::contradicts_record);
    const Job job = straight(all_parts_uploaded);
    EXPECT_EQ(rejection_kind(job, UploadCompleted{"other.tar"}), RejectionKind::contradicts_record);
    const Job complete = after(job, UploadCompleted{"result.tar"});
    EXPECT_EQ(next_command(complete), Command::send_submit);
    EXPECT_EQ(rejection_kind(complete, UploadCompleted{"result.tar"}), RejectionKind::already_known);
    EXPECT_EQ(rejection_kind(complete, UploadAborted{"x"}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(complete, PartUploaded{1, 1, "other"}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(complete, PartUploaded{1, 1, "etag1"}), RejectionKind::already_known);
    EXPECT_EQ(rejection_kind(complete, LeaseRevoked{1, "x"}), RejectionKind::contradicts_record);
}

TEST(Upload, AbortedIsOpenedAgain) {
    const Job job = after(straight(all_parts_uploaded), UploadAborted{"forgotten"});
    EXPECT_EQ(job.upload, UploadProgress{});
    EXPECT_EQ(next_command(job), Command::open_upload);
    EXPECT_EQ(rejection_kind(job, UploadAborted{"again"}), RejectionKind::already_known);
}

}  // namespace
}  // namespace emeth::statemachine
