// What becomes of a JOB when an upload of its artifact fails, or holds what it should not.
#include "node_world.hpp"
#include "statemachine/upload_parts.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
namespace wp = worker_protocol;

class PipelineUploadTest : public NodeWorld {};

TEST_F(PipelineUploadTest, AnUploadThatHoldsOtherBytesIsNeverSubmitted) {
    artifacts.damaged_uploads = 2;
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(count<sm::UploadAborted>(), 2);
    EXPECT_EQ(count<sm::UploadOpened>(), 4);  // the evidence's is the last
    EXPECT_EQ(artifacts.completed, 1);
    expect_verified_once();
}

TEST_F(PipelineUploadTest, AWorkerThatUploadsOtherBytesThanItAnnouncedLosesTheJobToAnIdleOne) {
    artifacts.damaged_uploads = 3;
    hub.add_worker(worker_2);
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(count<sm::LeaseGranted>(), 2);
    EXPECT_EQ(record().lease.worker, worker_2);
    EXPECT_EQ(hub.idle_workers(), 1U) << "the other rests";
    expect_verified_once();
}

TEST_F(PipelineUploadTest, AWorkerWhosePartsAreNotThereLosesTheJobToAnIdleOne) {
    artifacts.refused_uploads = 3;
    hub.add_worker(worker_2);
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(count<sm::LeaseGranted>(), 2);
    EXPECT_EQ(record().lease.worker, worker_2);
    expect_verified_once();
}

TEST_F(PipelineUploadTest, AWorkerThatSaysItHasTrainedAndUploadsNothingLosesTheJobToAnIdleOne) {
    hub.answers_uploads = false;
    start(true);
    ASSERT_TRUE(run_until([&] { return hub.uploads == 1; }));
    hub.add_worker(worker_2);
    run_for(40 * 60);
    EXPECT_EQ(count<sm::LeaseRevoked>(), 0);
    hub.answers_uploads = true;
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(record().lease.worker, worker_2);
    expect_verified_once();
}

/// Each round puts all parts, which was taken for progress: a round began a second after the last one, until the
/// deadline.
TEST_F(PipelineUploadTest, UploadsThatAreRefusedAtTheirEndAreTriedLessAndLessOften) {
    artifacts.damaged_uploads = 5;
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(failed_attempts(), (std::vector<std::uint32_t>{1, 2, 3, 4, 5}));
    expect_verified_once();
}

TEST_F(PipelineUploadTest, PartsPutAgainIntoANewUploadAreNoProgress) {
    artifacts.is_published = true;
    hub.answers_uploads = false;
    start(true);
    for (int orders = 1; orders <= 6; ++orders) {
        ASSERT_TRUE(run_until([&] { return hub.uploads == orders; }));
        hub.send(job_id, wp::PartUploaded{1, "\"etag\"", hub.upload_orders.back().upload_id});
        hub.send(job_id, wp::StepFailed{"upload", false, "part 2: the URL has expired", true, true});
    }
    ASSERT_TRUE(run_until([&] { return hub.uploads == 7; }));
    EXPECT_EQ(count<sm::UploadOpened>(), 4);
    EXPECT_EQ(failed_attempts(), (std::vector<std::uint32_t>{1, 2, 3, 4, 5, 6}));
    hub.send(job_id, wp::PartUploaded{1, "\"etag\"", hub.upload_orders.back().upload_id});
    hub.send(job_id, wp::PartUploaded{2, "\"etag\"", hub.upload_orders.back().upload_id});
    hub.answers_uploads = true;
    hub.send(job_id, wp::StepFailed{"upload", false, "part 3: the URL has expired", true, true});
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(failed_attempts().back(), 1U) << "a second part is progress";
    expect_verified_once();
}

/// At a server without our extension the whole artifact was sent again and again, until the deposit was gone.
TEST_F(PipelineUploadTest, APublishedStorageApiIsEnough) {
    artifacts.is_published = true;
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(count<sm::UploadAborted>(), 0);
    EXPECT_EQ(artifacts.completed, 1);
    expect_verified_once();
}

/// A server that errs or lies could have another file submitted, which fails the check.
TEST_F(PipelineUploadTest, ANameThatHoldsAnotherDigestIsNeverSubmitted) {
    artifacts.wrong_names = 3;
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(failed_attempts(), (std::vector<std::uint32_t>{1, 2, 3}));
    expect_verified_once();
}

TEST_F(PipelineUploadTest, ExpiredUrlsAreReplacedByNewOnesOfTheSameUpload) {
    hub.answers_uploads = false;
    start(true);
    ASSERT_TRUE(run_until([this] { return hub.uploads == 1; }));
    hub.send(job_id, wp::PartUploaded{1, "\"first\"", hub.upload_orders[0].upload_id});
    hub.send(job_id, wp::StepFailed{"upload", false, "the URL has expired", true, true});
    ASSERT_TRUE(run_until([this] { return hub.uploads == 2; }));
    EXPECT_EQ(artifacts.resumed, 0) << "once may be an accident";
    hub.answers_uploads = true;
    hub.send(job_id, wp::StepFailed{"upload", false, "the URL has expired", true, true});
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(artifacts.resumed, 1);
    EXPECT_EQ(hub.upload_orders[2].upload_id, hub.upload_orders[0].upload_id);
    EXPECT_EQ(hub.upload_orders[2].urls.size(), 2U) << "what is there stays";
    EXPECT_EQ(artifacts.completed_etags.at(1), "\"first\"");
    EXPECT_EQ(count<sm::UploadAborted>(), 0);
    EXPECT_EQ(count<sm::UploadOpened>(), 2);  // the evidence's is the last
    expect_verified_once();
}

TEST_F(PipelineUploadTest, UrlsThatAreRefusedAlsoWhenTheyAreNewLeadToANewUpload) {
    hub.answers_uploads = false;
    start(true);
    for (int orders = 1; orders <= 4; ++orders) {
        ASSERT_TRUE(run_until([&] { return hub.uploads == orders; }));
        EXPECT_EQ(hub.upload_orders.back().upload_id, hub.upload_orders[0].upload_id);
        if (orders == 4) hub.answers_uploads = true;
        hub.send(job_id, wp::StepFailed{"upload", false, "the URL has expired", true, true});
    }
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(artifacts.resumed, 1);
    EXPECT_NE(hub.upload_orders.back().upload_id, hub.upload_orders[0].upload_id);
    EXPECT_EQ(count<sm::UploadAborted>(), 1);
    EXPECT_EQ(count<sm::UploadOpened>(), 3);  // the evidence's is the last
    expect_verified_once();
}

/// One bad answer of the Storage API made all parts that had arrived worthless.
TEST_F(PipelineUploadTest, AFailedPartIsOrderedAgainOfTheSameUpload) {
    hub.answers_uploads = false;
    start(true);
    ASSERT_TRUE(run_until([this] { return hub.uploads == 1; }));
    const auto upload = hub.upload_orders[0].upload_id;
    for (const std::uint32_t part : {1U, 2U}) hub.send(job_id, wp::PartUploaded{part, "\"first\"", upload});
    hub.answers_uploads = true;
    hub.send(job_id, wp::StepFailed{"upload", false, "part 3: storage answered 503", true});
    ASSERT_TRUE(run_until_state(sm::State::verified));
    ASSERT_EQ(hub.upload_orders.size(), 2U);
    EXPECT_EQ(hub.upload_orders[1].upload_id, upload);
    EXPECT_EQ(hub.upload_orders[1].urls.size(), 1U);
    EXPECT_TRUE(hub.upload_orders[1].urls.contains(3));
    EXPECT_EQ(record().upload.upload_id, upload);
    EXPECT_EQ(record().upload.etags.at(1), "\"first\"") << "what was put stays";
    expect_verified_once();
}

/// It counted as the tenth failure in a row, at which a new upload is opened.
TEST_F(PipelineUploadTest, AStorageApiThatCannotServeNowCostsNoUpload) {
    hub.answers_uploads = false;
    start(true);
    for (int orders = 1; orders <= 3; ++orders) {
        ASSERT_TRUE(run_until([&] { return hub.uploads == orders; }));
        EXPECT_EQ(hub.upload_orders.back().upload_id, hub.upload_orders[0].upload_id);
        if (orders == 3) hub.answers_uploads = true;
        hub.send(job_id, wp::StepFailed{"upload", false, "part 1: storage answered 503", true, false, true});
    }
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(count<sm::UploadAborted>(), 0);
    expect_verified_once();
}

TEST_F(PipelineUploadTest, AnUploadThatNeverSucceedsIsOpenedAnewAfterAWhile) {
    hub.answers_uploads = false;
    start(true);
    for (int orders = 1; count<sm::UploadOpened>() == 1 || orders == 1; ++orders) {
        ASSERT_TRUE(run_until([&] { return hub.uploads == orders; }));
        ASSERT_LE(orders, 11);
        hub.send(job_id, wp::StepFailed{"upload", false, "storage answered 500", true});
        ASSERT_TRUE(run_until([&] { return hub.uploads == orders + 1; }));
    }
    hub.answers_uploads = true;
    hub.send(job_id, wp::StepFailed{"upload", false, "storage answered 500", true});
    ASSERT_TRUE(run_until_state(sm::State::submitted));
    EXPECT_EQ(count<sm::UploadOpened>(), 2);
    ASSERT_TRUE(run_until_state(sm::State::verified));
}

/// The worker's artifact was damaged and its replacement has another digest; the first was ordered until the deadline.
TEST_F(PipelineUploadTest, AnArtifactThatWasMadeAgainDifferentlyIsUploadedInPlaceOfTheFirst) {
    hub.answers_uploads = false;
    start(true);
    ASSERT_TRUE(run_until([this] { return hub.uploads == 1; }));
    hub.send(job_id, wp::StepFailed{"upload", false, "artifact.tar has another digest; it is made again", false});
    artifact.sha256 = repeated<Hash256>(0xbb);
    artifacts.holds = artifact;
    hub.send(job_id, wp::Trained{artifact});
    hub.answers_uploads = true;
    ASSERT_TRUE(run_until_state(sm::State::submitted));
    EXPECT_EQ(count<sm::UploadOpened>(), 2);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(hub.upload_orders.back().artifact_sha256, artifact.sha256);
    EXPECT_EQ(count<sm::LeaseGranted>(), 1);
    expect_verified_once();
}

TEST_F(PipelineUploadTest, OnlyMissingPartsAreOrderedFromAWorkerThatCameBack) {
    hub.answers_uploads = false;
    start(true);
    ASSERT_TRUE(run_until([this] { return hub.uploads == 1; }));
    hub.send(job_id, wp::PartUploaded{2, "\"two\"", hub.upload_orders[0].upload_id});
    ASSERT_TRUE(run_until([this] { return count<sm::PartUploaded>() == 1; }));
    hub.disconnect(worker_1, "connection reset");
    run_for(2);
    hub.answers_uploads = true;
    hub.connect(worker_1);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    ASSERT_EQ(hub.upload_orders.size(), 2U);
    EXPECT_EQ(hub.upload_orders[1].urls.size(), 2U);
    EXPECT_FALSE(hub.upload_orders[1].urls.contains(2));
    EXPECT_EQ(artifacts.completed_etags.at(2), "\"two\"");
}

TEST_F(PipelineUploadTest, ALateReportOfAnAbortedUploadIsNotCountedForTheNext) {
    artifacts.forgets_uploads = true;
    hub.answers_uploads = false;
    start(true);
    ASSERT_TRUE(run_until([this] { return hub.uploads == 1; }));
    for (const int orders : {2, 3}) {
        hub.send(job_id, wp::StepFailed{"upload", false, "the URL has expired", true, true});
        ASSERT_TRUE(run_until([&] { return hub.uploads == orders; }));
    }
    ASSERT_NE(hub.upload_orders[0].upload_id, hub.upload_orders[2].upload_id);
    hub.send(job_id, wp::PartUploaded{1, "\"late\"", hub.upload_orders[0].upload_id});
    run_for(2);
    EXPECT_EQ(count<sm::PartUploaded>(), 0);
    hub.disconnect(worker_1, "connection reset");
    run_for(2);
    hub.answers_uploads = true;
    hub.connect(worker_1);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_NE(artifacts.completed_etags.at(1), "\"late\"");
    expect_verified_once();
}

/// Found by the simulation: without it, the upload was ordered again and again until the deadline.
TEST_F(PipelineUploadTest, AWorkerWhoseFilesAreGoneBeforeTheUploadTrainsAgainUnderANewLease) {
    hub.answers_uploads = false;
    start(true);
    ASSERT_TRUE(run_until([this] { return hub.uploads == 1; }));
    hub.send(job_id, wp::StepFailed{"upload", true, "this worker does not hold lease 1 of the JOB", true});
    hub.answers_uploads = true;
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(record().lease.number, 2U);
    EXPECT_EQ(hub.assignments, 2);
    expect_verified_once();
}

TEST_F(PipelineUploadTest, PartsThatNoSingleOrderHoldsAreOrderedInTurn) {
    artifact.bytes = upload_part_bytes * (wp::upload_urls_max + 5);
    artifacts.holds = artifact;
    hub.script.back() = wp::Trained{artifact};
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    ASSERT_EQ(hub.uploads, 2);
    EXPECT_EQ(hub.upload_orders[0].urls.size(), wp::upload_urls_max);
    EXPECT_EQ(hub.upload_orders[1].urls.size(), 5U);
    EXPECT_EQ(artifacts.completed_etags.size(), wp::upload_urls_max + 5);
    expect_verified_once();
}

}  // namespace
}  // namespace emeth::test
