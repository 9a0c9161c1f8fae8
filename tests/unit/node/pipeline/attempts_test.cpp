// What counts as progress, after which failures are counted from one again.
#include "node/pipeline/attempts.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace emeth::test {
namespace {

namespace sm = statemachine;
using node::Attempts;

const Address worker_a{{0x0a}}, worker_b{{0x0b}};

class AttemptsTest : public ::testing::Test {
protected:
    template <class... Events>
    void happened(Events... events) {
        (attempts.take(sm::EventBody(std::move(events))), ...);
    }
    /// The number of this failure.
    std::uint32_t fail() {
        happened(sm::StepFailed{});
        return attempts.failures();
    }
    void lease(std::uint64_t number, const Address& worker) { happened(sm::LeaseGranted{number, worker}); }
    static sm::DatasetReady dataset(std::uint64_t of_lease) {
        sm::DatasetReady ready;
        ready.lease = of_lease;
        return ready;
    }
    void put(std::vector<std::uint32_t> parts) {
        for (const std::uint32_t part : parts) happened(sm::PartUploaded{1, part, "etag"});
    }
    Attempts attempts{{}};
};

TEST_F(AttemptsTest, FailuresAddUpUntilTheJobAdvances) {
    EXPECT_EQ(fail(), 1U);
    EXPECT_EQ(fail(), 2U);
    happened(sm::DepositSigned{});
    EXPECT_EQ(fail(), 1U);
    happened(sm::ProcessConfirmed{});
    EXPECT_EQ(fail(), 1U);
    happened(sm::Restarted{}, sm::WorkerLost{}, sm::TrainingResumed{});
    EXPECT_EQ(fail(), 2U);
    happened(sm::CheckpointSaved{});
    EXPECT_EQ(fail(), 1U);
}

TEST_F(AttemptsTest, ANewLeaseBeginsNothingAnewAtAWorkerThatHadTheDatasetBefore) {
    lease(1, worker_a);
    EXPECT_EQ(fail(), 1U);
    happened(dataset(1));
    EXPECT_EQ(fail(), 1U);
    happened(dataset(1), sm::LeaseRevoked{1, "it failed"});
    lease(2, worker_b);
    EXPECT_EQ(fail(), 2U);
    happened(dataset(2));
    EXPECT_EQ(fail(), 1U) << "the other worker has fetched it";
    happened(sm::LeaseRevoked{2, "it failed"});
    lease(3, worker_a);
    happened(dataset(3));
    EXPECT_EQ(fail(), 2U);
}

TEST_F(AttemptsTest, OnlyMorePartsThanEverAreProgress) {
    lease(1, worker_a);
    happened(sm::TrainingFinished{1, {}}, sm::UploadOpened{});
    put({1, 2});
    EXPECT_EQ(fail(), 1U);
    put({2});
    EXPECT_EQ(fail(), 2U) << "put again";
    happened(sm::UploadAborted{}, sm::UploadOpened{});
    put({1, 3});
    EXPECT_EQ(fail(), 3U) << "two parts as before";
    lease(2, worker_a);
    happened(sm::UploadOpened{});
    put({1, 2});
    EXPECT_EQ(fail(), 4U);
    happened(sm::TrainingFinished{2, {}}, sm::UploadOpened{});
    EXPECT_EQ(fail(), 1U) << "another lease, another artifact";
    put({1});
    EXPECT_EQ(fail(), 1U);
    happened(sm::UploadCompleted{});
    EXPECT_EQ(fail(), 1U);
}

TEST_F(AttemptsTest, AnArtifactThatIsMadeAgainAndAgainIsNoProgress) {
    lease(1, worker_a);
    happened(sm::TrainingFinished{1, {}}, sm::UploadOpened{});
    put({1});
    EXPECT_EQ(fail(), 1U);
    happened(sm::TrainingFinished{1, {}}, sm::UploadOpened{});
    put({1});
    EXPECT_EQ(fail(), 2U);
}

TEST_F(AttemptsTest, ASignatureThatRevertsIsNoProgress) {
    happened(sm::UploadCompleted{}, sm::SubmitSigned{}, sm::SubmitReverted{});
    EXPECT_EQ(fail(), 1U);
    happened(sm::SubmitSigned{}, sm::SubmitReverted{});
    EXPECT_EQ(fail(), 2U);
    happened(sm::DeclineDecided{});
    EXPECT_EQ(fail(), 1U);
    happened(sm::DeclineSigned{}, sm::DeclineReverted{}, sm::DeclineDecided{});
    EXPECT_EQ(fail(), 2U);
    happened(sm::SubmitConfirmed{});
    EXPECT_EQ(fail(), 1U);
}

TEST_F(AttemptsTest, EachDrawIsShownFromTheBeginning) {
    happened(sm::EvidenceDrawn{});
    EXPECT_EQ(fail(), 1U);
    happened(sm::EvidencePacked{}, sm::UploadOpened{});
    EXPECT_EQ(fail(), 1U);
    put({1});
    EXPECT_EQ(fail(), 1U);
    happened(sm::UploadAborted{}, sm::EvidencePacked{}, sm::UploadOpened{});
    put({1});
    EXPECT_EQ(fail(), 2U);
    happened(sm::EvidenceDrawn{}, sm::EvidencePacked{}, sm::UploadOpened{});
    put({1});
    EXPECT_EQ(fail(), 1U);
}

TEST_F(AttemptsTest, RejectedEntriesOfTheHistoryDoNotCount) {
    std::vector<storage::HistoryEntry> history(3);
    history[0].event.body = sm::StepFailed{};
    history[1].event.body = sm::StepFailed{};
    history[2].event.body = sm::CheckpointSaved{};
    EXPECT_EQ(Attempts(history).failures(), 0U);
    history[2].rejection = sm::Rejection{sm::RejectionKind::already_known, "checkpoint is on record"};
    EXPECT_EQ(Attempts(history).failures(), 2U);
}

}  // namespace
}  // namespace emeth::test
