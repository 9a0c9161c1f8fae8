// submitted: the draw, the evidence's file and its upload, and what a reorganisation does to them.
#include "unit/statemachine/check.hpp"

namespace emeth::statemachine {
namespace {

using test::numbered;
using test::tx;

const Hash256 block = numbered<Hash256>(6000);
const Hash256 other_block = numbered<Hash256>(6001);
const WorkerFile file{numbered<Hash256>(7000), 25'000'000};

Job drawn() {
    return after(test::job_in(State::submitted), EvidenceDrawn{block, {0, 3, 17}});
}

Job uploaded() {
    Job job = after(drawn(), EvidencePacked{1, block, file});
    job = after(job, UploadOpened{1, "upload2", "shown.evidence", 2});
    job = after(job, PartUploaded{1, 1, "a"});
    job = after(job, PartUploaded{1, 2, "b"});
    return after(job, UploadCompleted{"shown.evidence"});
}

TEST(Evidence, IsDrawnPackedUploadedAndThenTheVerdictIsAwaited) {
    Job job = test::job_in(State::submitted);
    const std::vector<std::pair<Command, EventBody>> path{
        {Command::await_draw, EvidenceDrawn{block, {0, 3, 17}}},
        {Command::pack_evidence, EvidencePacked{1, block, file}},
        {Command::open_upload, UploadOpened{1, "upload2", "shown.evidence", 2}},
        {Command::upload_parts, PartUploaded{1, 1, "a"}},
        {Command::upload_parts, PartUploaded{1, 2, "b"}},
        {Command::complete_upload, UploadCompleted{"shown.evidence"}},
    };
    for (const auto& [command, event] : path) {
        EXPECT_EQ(next_command(job), command);
        job = after(job, event);
        EXPECT_EQ(job.state, State::submitted);
    }
    EXPECT_EQ(next_command(job), Command::await_verdict);
    EXPECT_EQ(job.upload, test::job_in(State::submitted).upload) << "the artifact's upload is another one";
    EXPECT_EQ(job.evidence.upload.file_name, "shown.evidence");
}

TEST(Evidence, AnotherBlockDrawsAnewAndWhatWasShownCountsNoMore) {
    EXPECT_EQ(rejection_kind(uploaded(), EvidenceDrawn{block, {0, 3, 17}}), RejectionKind::already_known);
    const Job job = after(uploaded(), EvidenceDrawn{other_block, {0, 5, 9}});
    EXPECT_EQ(next_command(job), Command::pack_evidence);
    EXPECT_EQ(job.evidence.segments, (std::vector<std::uint32_t>{0, 5, 9}));
    EXPECT_TRUE(job.evidence.upload.upload_id.empty());
}

TEST(Evidence, AReorganisationOfTheSubmitForgetsTheDraw) {
    Job job = after(uploaded(), ReorgedOut{ChainFact::submit});
    EXPECT_EQ(job.evidence, EvidenceProgress{});
    EXPECT_EQ(next_command(job), Command::await_submit);
    job = after(job, SubmitConfirmed{tx(3, 44)});
    EXPECT_EQ(next_command(job), Command::await_draw);
    EXPECT_EQ(after(uploaded(), ReorgedOut{ChainFact::process}).evidence, EvidenceProgress{});
}

TEST(Evidence, AVerdictThatIsTakenBackKeepsIt) {
    const Job job = after(after(uploaded(), Verified{tx(902, 50), 582, 20415}), ReorgedOut{ChainFact::verdict});
    EXPECT_EQ(job.evidence, uploaded().evidence);
    EXPECT_EQ(next_command(job), Command::await_verdict);
}

TEST(Evidence, OfAnotherDrawOrLeaseIsRefused) {
    EXPECT_EQ(rejection_kind(drawn(), EvidencePacked{1, other_block, file}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(drawn(), EvidencePacked{2, block, file}), RejectionKind::stale_lease);
    EXPECT_EQ(rejection_kind(drawn(), EvidencePacked{1, block, {file.sha256, 0}}), RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(drawn(), UploadOpened{1, "upload2", "shown.evidence", 2}),
              RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(uploaded(), EvidencePacked{1, block, file}), RejectionKind::already_known);
    EXPECT_EQ(rejection_kind(uploaded(), EvidencePacked{1, block, {numbered<Hash256>(7001), 5}}),
              RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(test::job_in(State::submitted), EvidenceDrawn{block, {}}),
              RejectionKind::contradicts_record);
    EXPECT_EQ(rejection_kind(test::job_in(State::submitted), EvidenceDrawn{block, {3, 0}}),
              RejectionKind::contradicts_record);
}

TEST(Evidence, AnUploadThatWasGivenUpIsOpenedAnew) {
    Job job = after(after(drawn(), EvidencePacked{1, block, file}), UploadOpened{1, "upload2", "shown.evidence", 2});
    job = after(job, UploadAborted{"its signed URLs are not at hand any more"});
    EXPECT_EQ(next_command(job), Command::open_upload);
    EXPECT_EQ(rejection_kind(uploaded(), UploadAborted{"late"}), RejectionKind::contradicts_record);
}

TEST(Evidence, ThatIsMissingIsSaid) {
    EXPECT_NE(why(drawn(), 0).find("packs the states of 3 segments"), std::string::npos) << why(drawn(), 0);
    EXPECT_EQ(describe(EvidenceDrawn{block, {0, 3, 17}}).find("segments to be shown: 0, 3 and 17") != std::string::npos,
              true);
}

}  // namespace
}  // namespace emeth::statemachine
