#include <set>

#include "crypto/md5.hpp"
#include "statemachine/upload_parts.hpp"
#include "worker_fixture.hpp"

namespace emeth::test {
namespace {

using namespace worker_protocol;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

class JobRunnerTest : public WorkerFixture {};

TEST_F(JobRunnerTest, AJobGoesFromItsDatasetToUploadedParts) {
    script("6 25000000 1\n");
    start_worker();
    lease(1);
    const auto ready = await<DatasetReady>();  // and no failure before it: the runner starts with its order
    EXPECT_EQ(ready.sha256, crypto::sha256(storage->dataset));
    EXPECT_EQ(ready.bytes, 50'000u);
    EXPECT_EQ(ready.tokens, 900u);
    EXPECT_EQ(ready.steps_total, 6u);
    const auto started = await<TrainingStarted>();
    EXPECT_EQ(started.step, 0u);
    EXPECT_EQ(await<CheckpointSaved>().checkpoint.step % 2, 0u);
    const auto artifact = await<Trained>().artifact;
    EXPECT_EQ(artifact.bytes, 25'000'000u);
    EXPECT_EQ(artifact.steps, 6u);
    EXPECT_EQ(artifact.epochs, 2u);

    order_upload(artifact, 1, {1, 2, 3});
    std::map<std::uint32_t, std::string> etags;
    std::string last_upload_id;
    while (etags.size() < 3) {
        const auto part = await<PartUploaded>();
        etags[part.part] = part.etag;
        last_upload_id = part.upload_id;
    }
    EXPECT_EQ(etags.at(3), "\"3\"");
    EXPECT_EQ(last_upload_id, "upload-7");
    const std::string uploaded = storage->parts.at(1) + storage->parts.at(2) + storage->parts.at(3);
    EXPECT_EQ(storage->parts.at(1).size(), upload_part_bytes);
    EXPECT_EQ(uploaded.size(), artifact.bytes);
    EXPECT_EQ(crypto::sha256(uploaded), artifact.sha256);

    hub->release(job, true, "verified");
    EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(job_folder()); }));
    EXPECT_EQ(hub->idle_workers(), 1u);
}

/// What it has fetched and tokenised for another worker is of use when the JOB becomes its own.
TEST_F(JobRunnerTest, AHelperReportsNothingUntilTheLeaseIsItsOwn) {
    script("4 1000 1\n");
    const auto leader_key = crypto::PrivateKey::generate(system_random());
    WorkerPtr leader = connect(leader_key);
    EXPECT_EQ(run(hub->reserve(job, {leader_key.address()})), leader_key.address());
    adopt(job, 1, leader_key.address());
    EXPECT_TRUE(std::holds_alternative<node::WorkerConnected>(news(job).body));
    start_worker();
    ASSERT_TRUE(eventually([&] { return hub->idle_workers() == 1; }));
    run(hub->order(Join{assign(1), {"127.0.0.1", 7'001, Hash256{{1}}}}));
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(job_folder() / "helping"); }));
    EXPECT_EQ(storage->dataset_requests, 1u);
    stop_worker();  // after a restart it helps again once it is called, not before
    ASSERT_TRUE(eventually([&] { return hub->idle_workers() == 0; }));
    std::filesystem::remove(job_folder() / "helping");
    start_worker();
    ASSERT_TRUE(eventually([&] { return hub->idle_workers() == 1; }));
    run(hub->order(Join{assign(1), {"127.0.0.1", 7'002, Hash256{{2}}}}));
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(job_folder() / "helping"); }));
    report(*leader, 1, job, 1, TrainingStarted{3, "began"});
    EXPECT_EQ(news(job).report_id, 1u) << "the helper sent nothing before it";

    leader.reset();
    hub->release(job, false, "its worker was away");
    ASSERT_TRUE(eventually([&] { return hub->idle_workers() == 1; }));
    lease(2);
    const auto ready = await<DatasetReady>();
    EXPECT_EQ(ready.tokens, 900u);
    EXPECT_EQ(await<Trained>().artifact.steps, 4u);
    EXPECT_EQ(storage->dataset_requests, 1u);
}

/// Writes a state as emeth-trainer leaves it: the content, followed by its digest.
void put_state(const std::filesystem::path& folder, std::uint32_t index, std::string content) {
    std::filesystem::create_directories(folder / "states");
    const Hash256 digest = crypto::sha256(content);
    content.append(digest.bytes.begin(), digest.bytes.end());
    write_text(trainer_protocol::state_file(folder, index), content);
}

/// Evidence is delivered while the worker is training another JOB, and again whenever it is ordered again.
TEST_F(JobRunnerTest, EvidenceIsShownBesideTheWorkOnAnotherJob) {
    script("4 1000 1\n");
    train();
    for (const std::uint32_t state : {0U, 1U, 7U})
        put_state(job_folder(), state, std::string(4'000'000, static_cast<char>('a' + state)));
    hub->release(job, false, "the result is uploaded");

    script("100000 1000 200\n");
    const JobId second = job_id(0x78);
    EXPECT_EQ(run(hub->reserve(second, {})), worker_key.address());
    adopt(second, 1, worker_key.address());
    worker_protocol::Assign other = assign(1);
    other.job = other.spec.id = second;
    run(hub->order(other));

    adopt(job, 1, worker_key.address(), node::Hold::files);
    EXPECT_EQ(hub->idle_workers(), 0u) << "it works on the second JOB";
    Evidence order{job, 1, crypto::sha256("a block"), {0, 1, 7}, {}, ""};
    run(hub->order(order));
    const auto packed = await<EvidencePacked>();
    EXPECT_EQ(packed.block_hash, order.block_hash);
    EXPECT_EQ(packed.file.bytes, trainer_protocol::evidence_header_bytes + 12'000'000);
    order.urls = {{1, storage->part_url(1)}, {2, storage->part_url(2)}};
    order.upload_id = "upload-9";
    storage->etags = {std::string(32, '0')};
    run(hub->order(order));
    ASSERT_TRUE(eventually([&] { return storage->etags.empty(); }));
    EXPECT_THROW(await<PartUploaded>(), std::runtime_error) << "the server has other bytes than were sent";
    run(hub->order(order));
    EXPECT_EQ(await<PartUploaded>().upload_id, "upload-9");
    EXPECT_EQ(await<PartUploaded>().part, 2u);
    EXPECT_EQ(crypto::sha256(storage->parts.at(1) + storage->parts.at(2)), packed.file.sha256);

    hub->release(job, true, "verified");
    EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(job_folder()); }));
    EXPECT_TRUE(std::filesystem::exists(data.path() / "jobs" / second.hex())) << "the other JOB's files stay";
}

TEST_F(JobRunnerTest, EvidenceThatIsGoneIsSaid) {
    script("4 1000 1\n");
    train();
    hub->release(job, false, "the result is uploaded");
    adopt(job, 1, worker_key.address(), node::Hold::files);
    run(hub->order(Evidence{job, 1, crypto::sha256("a block"), {0, 3}}));
    const auto failed = await<StepFailed>();
    EXPECT_EQ(failed.step, "evidence");
    EXPECT_TRUE(failed.permanent);
    EXPECT_TRUE(failed.needs_order);
    EXPECT_THAT(failed.message, HasSubstr("state-0.bin"));
}

TEST_F(JobRunnerTest, AKilledTrainerIsStartedAgainFromItsCheckpoint) {
    script("10 1000 1\ndie 5\n");
    start_worker();
    lease(1);
    EXPECT_EQ(await<TrainingStarted>().step, 0u);
    const auto again = await<TrainingStarted>();
    EXPECT_EQ(again.step, 4u);
    EXPECT_THAT(again.reason, HasSubstr("signal 9 (SIGKILL)"));
    EXPECT_THAT(again.reason, HasSubstr("continuing from step 4"));
    EXPECT_EQ(await<Trained>().artifact.steps, 10u);
    EXPECT_THAT(trainer_starts(), ElementsAre(Pair(_, 0u), Pair(_, 4u)));
}

TEST_F(JobRunnerTest, AHungTrainerIsKilledAndStartedAgain) {
    script("10 1000 1\nhang 5\n");
    settings.limits.learning = Milliseconds(300);
    start_worker();
    lease(1);
    await<TrainingStarted>();
    const auto again = await<TrainingStarted>();
    EXPECT_THAT(again.reason, HasSubstr("timeout_learning"));
    EXPECT_EQ(again.step, 4u);
    EXPECT_TRUE(is_dead(trainer_starts().at(0).first));
    await<Trained>();
}

TEST_F(JobRunnerTest, ATrainerThatSpeaksRubbishIsStartedAgain) {
    script("4 1000 1\ngarbage\n");
    start_worker();
    lease(1);
    EXPECT_THAT(await<TrainingStarted>().reason, HasSubstr("not valid JSON"));
    await<Trained>();
}

TEST_F(JobRunnerTest, ATrainerThatNeverComesToItsStepsIsReported) {
    script("4 1000 1\nexit 3\nexit 3\n");
    start_worker();
    lease(1);
    const auto failed = await<StepFailed>();
    EXPECT_EQ(failed.step, "train");
    EXPECT_FALSE(failed.permanent);
    EXPECT_FALSE(failed.needs_order);
    EXPECT_THAT(failed.message, HasSubstr("exit code 3"));
    EXPECT_THAT(failed.message, HasSubstr("the fake trainer was told to exit"));
    await<Trained>();
}

TEST_F(JobRunnerTest, AMissingTrainerIsReportedAndTriedAgain) {
    script("4 1000 1\n");
    start_worker();
    ASSERT_TRUE(eventually([&] { return hub->idle_workers() == 1; })) << "it has proved itself";
    settings.trainer = "/nonexistent/emeth-trainer";
    lease(1);
    EXPECT_THAT(await<StepFailed>().message, HasSubstr("/nonexistent/emeth-trainer"));
    settings.trainer = test_program("emeth-fake-trainer");
    for (;;) {
        try {
            await<Trained>();
            break;
        } catch (const std::runtime_error&) {
            continue;  // reports of the attempts in between
        }
    }
}

TEST_F(JobRunnerTest, APermanentFailureWaitsForTheMaster) {
    script("4 1000 1\nfail permanent\n");
    start_worker();
    lease(1);
    const auto failed = await<StepFailed>();
    EXPECT_TRUE(failed.permanent);
    EXPECT_TRUE(failed.needs_order);
    EXPECT_EQ(failed.message, "the dataset holds no text");
    run(hub->order(assign(1)));  // the master may decide otherwise
    await<Trained>();
}

TEST_F(JobRunnerTest, ADatasetThatIsTooShortIsNotTaken) {
    script("4 1000 1\n");
    storage->dataset.resize(49'999);
    start_worker();
    lease(1);
    const auto failed = await<StepFailed>();
    EXPECT_EQ(failed.step, "download");
    EXPECT_FALSE(failed.permanent);
    EXPECT_TRUE(failed.needs_order);
    EXPECT_THAT(failed.message, HasSubstr("49999"));
    EXPECT_THAT(failed.message, HasSubstr("50000"));
    EXPECT_FALSE(std::filesystem::exists(job_folder() / "dataset"));
    storage->dataset.resize(50'000, 'e');
    run(hub->order(assign(1)));
    await<Trained>();
}

TEST_F(JobRunnerTest, AnExpiredUrlAsksForAnotherAndIsNeverShown) {
    script("4 1000 1\n");
    storage->dataset_statuses = {403};
    start_worker();
    lease(1);
    const auto failed = await<StepFailed>();
    EXPECT_TRUE(failed.needs_order);
    EXPECT_FALSE(failed.permanent);
    EXPECT_THAT(failed.message, HasSubstr("403"));
    EXPECT_THAT(failed.message, Not(HasSubstr("secret")));
    run(hub->order(assign(1)));
    await<DatasetReady>();
    EXPECT_EQ(storage->dataset_requests, 2u);
}

TEST_F(JobRunnerTest, WhatTheStorageApiCannotServeIsToldAsItsFault) {
    script("4 1000 1\n");
    storage->dataset_statuses = {503, 429, 507, 408};
    start_worker();
    lease(1);
    for (const bool service_failed : {true, true, true, false}) {
        const auto failed = await<StepFailed>();
        EXPECT_EQ(failed.step, "download");
        EXPECT_EQ(failed.service_failed, service_failed) << failed.message;
        run(hub->order(assign(1)));
    }
    await<Trained>();
}

TEST_F(JobRunnerTest, StatesThatVerdictsMayNeedAreKeptWithinTheirBound) {
    settings.states_bytes_max = 1'000'000;
    script("4 1000 1\n");
    start_worker();
    lease(1);
    EXPECT_THAT(await<StepFailed>().message, HasSubstr("model_cached_size allows 1 MiB"));
}

TEST_F(JobRunnerTest, AFullDiskIsSaidBeforeAByteIsFetched) {
    script("4 1000 1\n");
    settings.disk_reserve_bytes = std::uint64_t{1} << 60;
    start_worker();
    lease(1);
    const auto failed = await<StepFailed>();
    EXPECT_THAT(failed.message, HasSubstr("MiB are free in " + data.path().string()));
    EXPECT_THAT(failed.message, HasSubstr("free some space"));
    EXPECT_TRUE(failed.needs_order);
    EXPECT_EQ(storage->dataset_requests, 0u);
}

TEST_F(JobRunnerTest, StopEndsTheTrainerAndKeepsTheFiles) {
    script("1000 1000 20\n");
    start_worker();
    lease(1);
    await<CheckpointSaved>();
    hub->release(job, false, "declined");
    EXPECT_TRUE(eventually([&] { return is_dead(trainer_starts().at(0).first); }));
    EXPECT_TRUE(std::filesystem::exists(job_folder() / "checkpoint"));
}

TEST_F(JobRunnerTest, ANewLeaseContinuesWithTheSameFiles) {
    script("1000 1000 20\ntrain\n");
    start_worker();
    lease(1);
    const std::uint64_t step = await<CheckpointSaved>().checkpoint.step;
    hub->release(job, false, "revoked");
    script("10 1000 1\n");
    lease(2);
    EXPECT_EQ(await<DatasetReady>().steps_total, 1'000u);  // known already, and reported under the new lease
    EXPECT_GE(await<TrainingStarted>().step, step);
    EXPECT_EQ(storage->dataset_requests, 1u);
    await<Trained>();
}

TEST_F(JobRunnerTest, OtherTermsBeginAnew) {
    script("4 1000 1\n");
    train();
    hub->release(job, false, "revoked");
    const Address address = run(hub->reserve(job, {}));
    adopt(job, 2, address);
    Assign order = assign(2);
    order.spec.epochs = 3;
    run(hub->order(order));
    EXPECT_EQ(await<TrainingStarted>().step, 0u);
    EXPECT_EQ(await<Trained>().artifact.epochs, 3u);
    EXPECT_EQ(storage->dataset_requests, 2u);
}

TEST_F(JobRunnerTest, AnOrderForAnotherJobPutsTheFirstAside) {
    script("1000 1000 20\n");
    start_worker();
    lease(1);
    await<CheckpointSaved>();
    hub->release(job, false, "put aside");
    const JobId second = job_id(0x78);
    const Address address = run(hub->reserve(second, {}));
    adopt(second, 1, address);
    Assign order = assign(1);
    order.job = order.spec.id = second;
    run(hub->order(order));
    news(second);
    for (;;) {
        const auto news_of_second = news(second);
        const auto* body = std::get_if<ReportBody>(&news_of_second.body);
        if (body != nullptr && std::holds_alternative<TrainingStarted>(*body)) break;
    }
    EXPECT_TRUE(is_dead(trainer_starts().at(0).first));
    EXPECT_FALSE(is_dead(trainer_starts().at(1).first));
}

}  // namespace
}  // namespace emeth::test
