#include "worker/held_job.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace emeth::worker {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

JobId job_id(std::uint8_t byte) {
    JobId id;
    id.bytes.fill(byte);
    return id;
}

HeldJob finished_job() {
    HeldJob job;
    job.lease = 4;
    job.spec = {job_id(0xaa), "en", 2, "nano"};
    job.dataset_bytes = 5'000;
    job.dataset_sha256 = Hash256{};
    job.dataset = DatasetFacts{900, 40, false};
    job.artifact = ArtifactFacts{{Hash256{}, 77, 2, 40, {3.5, 2.25}, 2.5}, false};
    return job;
}

TEST(HeldJob, IsReadAsItWasWritten) {
    HeldJob job = finished_job();
    job.dataset->acknowledged = true;
    const auto read = parse_held_job(to_json(job), job.spec.id);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->lease, 4u);
    EXPECT_EQ(read->spec.language, "en");
    EXPECT_EQ(read->spec.epochs, 2u);
    EXPECT_EQ(read->spec.model, "nano");
    EXPECT_EQ(read->dataset_bytes, 5'000u);
    EXPECT_EQ(read->dataset_sha256, job.dataset_sha256);
    ASSERT_TRUE(read->dataset);
    EXPECT_EQ(read->dataset->tokens, 900u);
    EXPECT_EQ(read->dataset->steps_total, 40u);
    EXPECT_TRUE(read->dataset->acknowledged);
    ASSERT_TRUE(read->artifact);
    EXPECT_EQ(read->artifact->artifact, job.artifact->artifact);
    EXPECT_FALSE(read->artifact->acknowledged);
}

TEST(HeldJob, AFreshOneHasNothingYet) {
    HeldJob job;
    job.lease = 1;
    job.spec = {job_id(1), "ja", 3, "gpt2"};
    job.dataset_bytes = 9;
    const auto read = parse_held_job(to_json(job), job.spec.id);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_FALSE(read->dataset_sha256);
    EXPECT_FALSE(read->dataset);
    EXPECT_FALSE(read->artifact);
    EXPECT_THAT(due_reports(*read), SizeIs(0));
}

TEST(HeldJob, ARecordOfAnotherJobIsRefused) {
    const auto read = parse_held_job(to_json(finished_job()), job_id(0xbb));
    ASSERT_TRUE(read.has_error());
    EXPECT_THAT(read.error().message, HasSubstr("the id that the folder is named after"));
    EXPECT_TRUE(parse_held_job("{\"job\":", job_id(0xbb)).has_error());
}

TEST(HeldJob, WhatIsAcknowledgedIsNotDue) {
    HeldJob job = finished_job();
    ASSERT_THAT(due_reports(job), SizeIs(2));
    EXPECT_EQ(std::get<worker_protocol::DatasetReady>(due_reports(job)[0]).steps_total, 40u);
    EXPECT_EQ(std::get<worker_protocol::Trained>(due_reports(job)[1]).artifact.bytes, 77u);
    job.dataset->acknowledged = true;
    ASSERT_THAT(due_reports(job), SizeIs(1));
    job.artifact->acknowledged = true;
    EXPECT_THAT(due_reports(job), SizeIs(0));
}

TEST(HeldJob, UnderANewLeaseEverythingIsDueAgain) {
    HeldJob job = finished_job();
    job.dataset->acknowledged = job.artifact->acknowledged = true;
    begin_lease(job, 9, false);
    EXPECT_EQ(job.lease, 9u);
    EXPECT_THAT(due_reports(job), SizeIs(2));
}

TEST(HeldJob, AHelperHasNothingToReportUntilTheLeaseIsItsOwn) {
    HeldJob job = finished_job();
    begin_lease(job, 9, true);
    EXPECT_THAT(due_reports(job), SizeIs(0));
    const HeldJob read = parse_held_job(to_json(job), job.spec.id).value();
    EXPECT_TRUE(read.helping);
    EXPECT_THAT(due_reports(read), SizeIs(0));
    begin_lease(job, 10, false);
    EXPECT_THAT(due_reports(job), SizeIs(2));
}

TEST(HeldJob, FilesServeTheSameWorkOnly) {
    const HeldJob job = finished_job();
    worker_protocol::Assign order{job.spec.id, 12, job.spec, "http://elsewhere", job.dataset_bytes};
    EXPECT_TRUE(serves(job, order));
    order.dataset_bytes += 1;
    EXPECT_FALSE(serves(job, order));
    order = {job.spec.id, 12, job.spec, "", job.dataset_bytes};
    order.spec.epochs = 3;
    EXPECT_FALSE(serves(job, order));
    order.spec = job.spec;
    order.spec.model = "gpt2";
    EXPECT_FALSE(serves(job, order));
    order.spec = job.spec;
    order.spec.language = "ja";
    EXPECT_FALSE(serves(job, order));
}

}  // namespace
}  // namespace emeth::worker
