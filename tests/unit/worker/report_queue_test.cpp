#include "worker/report_queue.hpp"

#include "support/io_fixture.hpp"

namespace emeth::worker {
namespace {

using worker_protocol::CheckpointSaved;
using worker_protocol::DatasetReady;
using worker_protocol::PartUploaded;
using worker_protocol::Progress;
using worker_protocol::Report;
using worker_protocol::Trained;

Progress training_at(std::uint64_t step) {
    Progress progress;
    progress.stage = "training";
    progress.step = step;
    return progress;
}

CheckpointSaved checkpoint_at(std::uint64_t step) {
    CheckpointSaved saved;
    saved.checkpoint.step = step;
    return saved;
}

class ReportQueueTest : public test::IoFixture {
protected:
    ReportQueueTest() { job.bytes.fill(1), other_job.bytes.fill(2); }
    Report next() { return std::get<Report>(run(queue.next())); }
    JobId job;
    JobId other_job;
    ReportQueue queue{executor(), system_random()};
};

TEST_F(ReportQueueTest, SendsInOrderWithRisingIds) {
    queue.add(job, 3, DatasetReady{});
    queue.add(job, 3, checkpoint_at(10));
    const Report first = next();
    const Report second = next();
    EXPECT_TRUE(std::holds_alternative<DatasetReady>(first.body));
    EXPECT_TRUE(std::holds_alternative<CheckpointSaved>(second.body));
    EXPECT_EQ(first.lease, 3u);
    EXPECT_NE(first.id, 0u);
    EXPECT_GT(second.id, first.id);
}

TEST_F(ReportQueueTest, FitnessComesFirstAndIsRepeatedAfterAReconnect) {
    queue.add(job, 3, DatasetReady{});
    queue.set_fitness({"", {{"nano", 1'000}}, 1, 1});
    queue.set_fitness({"", {{"nano", 2'000}}, 1, 1});
    const auto first = run(queue.next());
    ASSERT_TRUE(std::holds_alternative<worker_protocol::Fitness>(first));
    EXPECT_EQ(std::get<worker_protocol::Fitness>(first).tokens_per_s.at("nano"), 2'000) << "only the latest counts";
    EXPECT_TRUE(std::holds_alternative<DatasetReady>(next().body));
    queue.resend(job);
    EXPECT_TRUE(std::holds_alternative<DatasetReady>(next().body));
    queue.resend_all();
    EXPECT_TRUE(std::holds_alternative<worker_protocol::Fitness>(run(queue.next())));
}

TEST_F(ReportQueueTest, RepeatsAfterAReconnectUntilAcknowledged) {
    queue.add(job, 3, DatasetReady{});
    queue.add(job, 3, Trained{});
    const Report ready = next();
    const Report trained = next();
    queue.resend_all();
    EXPECT_EQ(next().id, ready.id);
    const auto acknowledged = queue.acknowledge(ready.id);
    ASSERT_TRUE(acknowledged);
    EXPECT_TRUE(std::holds_alternative<DatasetReady>(acknowledged->body));
    EXPECT_FALSE(queue.acknowledge(ready.id));
    queue.resend_all();
    EXPECT_EQ(next().id, trained.id);
    EXPECT_EQ(queue.waiting(), 1u);
}

TEST_F(ReportQueueTest, ARepeatedOrderRepeatsTheReportsOfItsJobAlone) {
    queue.add(job, 3, DatasetReady{});
    queue.add(other_job, 1, DatasetReady{});
    next(), next();
    queue.resend(other_job);
    EXPECT_EQ(next().job, other_job);
    queue.add(job, 3, Trained{});
    EXPECT_TRUE(std::holds_alternative<Trained>(next().body));
}

TEST_F(ReportQueueTest, StaysBoundedWhileTheMasterIsAway) {
    for (std::uint64_t step = 1; step <= 10'000; ++step) {
        queue.add(job, 3, checkpoint_at(step));
        queue.add(job, 3, training_at(step));
        queue.add(job, 3, worker_protocol::StepFailed{"train", false, "died", false});
    }
    for (int round = 0; round < 3; ++round)
        for (std::uint32_t part = 1; part <= 5; ++part) queue.add(job, 3, PartUploaded{part, "etag"});
    EXPECT_EQ(queue.waiting(), 1u + 1u + 5u);
    EXPECT_EQ(std::get<CheckpointSaved>(next().body).checkpoint.step, 10'000u);
}

TEST_F(ReportQueueTest, APartOfALaterUploadDoesNotReplaceTheEarlierOnes) {
    queue.add(job, 3, PartUploaded{1, "etag", "late"});
    queue.add(job, 3, PartUploaded{1, "etag", "early"});
    EXPECT_EQ(queue.waiting(), 2u);
}

TEST_F(ReportQueueTest, AJobsCheckpointDoesNotReplaceAnothers) {
    queue.add(job, 3, checkpoint_at(5));
    queue.add(other_job, 1, checkpoint_at(1));
    EXPECT_EQ(queue.waiting(), 2u);
}

TEST_F(ReportQueueTest, ProgressIsTheNewestAndComesLast) {
    queue.add(job, 3, training_at(1));
    queue.add(job, 3, training_at(2));
    queue.add(job, 3, checkpoint_at(2));
    EXPECT_TRUE(std::holds_alternative<CheckpointSaved>(next().body));
    const Report progress = next();
    EXPECT_EQ(std::get<Progress>(progress.body).step, 2u);
    EXPECT_EQ(progress.id, 0u);
    EXPECT_EQ(queue.waiting(), 1u);
}

TEST_F(ReportQueueTest, ADroppedJobSaysNothingMore) {
    queue.add(job, 3, DatasetReady{});
    queue.add(job, 3, training_at(1));
    queue.add(other_job, 1, Trained{});
    queue.drop(job);
    EXPECT_EQ(next().job, other_job);
    EXPECT_EQ(queue.waiting(), 1u);
}

TEST_F(ReportQueueTest, NextWaitsForAReport) {
    Report received;
    bool done = false;
    asio::co_spawn(io, queue.next(), [&](std::exception_ptr, worker_protocol::FromWorker message) {
        received = std::get<Report>(std::move(message)), done = true;
    });
    io.run_for(std::chrono::milliseconds(0));
    EXPECT_FALSE(done);
    queue.add(job, 3, Trained{});
    io.restart();
    io.run();
    EXPECT_TRUE(done);
    EXPECT_EQ(received.job, job);
}

TEST_F(ReportQueueTest, AnotherProcessUsesOtherIds) {
    ReportQueue later(executor(), system_random());
    queue.add(job, 3, Trained{});
    later.add(job, 3, Trained{});
    const Report early = next();
    EXPECT_FALSE(later.acknowledge(early.id));
}

}  // namespace
}  // namespace emeth::worker
