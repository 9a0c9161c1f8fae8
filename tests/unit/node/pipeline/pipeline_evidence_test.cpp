// submitted: the drawn evidence is delivered by the worker that trained, alongside its other work.
#include "node_world.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::test {
namespace {

namespace sm = statemachine;
namespace wp = worker_protocol;

class PipelineEvidenceTest : public NodeWorld {
protected:
    /// The states that the block draws in which the submit stands now.
    std::vector<std::uint32_t> states_of_the_draw() {
        const auto evidence = record().evidence;
        const auto segments = trainer_protocol::segment_count("nano", artifact.steps, artifact.epochs);
        EXPECT_EQ(evidence.segments, trainer_protocol::draw_segments(job_id, evidence.block_hash.value(), segments, 2));
        return trainer_protocol::states_to_show(evidence.segments, segments);
    }
};

TEST_F(PipelineEvidenceTest, TheSubmitsBlockDrawsAndTheWorkerShows) {
    start(true);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    ASSERT_FALSE(hub.evidence_orders.empty());
    const auto& order = hub.evidence_orders.front();
    EXPECT_EQ(order.states, states_of_the_draw());
    EXPECT_EQ(order.block_hash, record().evidence.block_hash);
    EXPECT_TRUE(order.urls.empty()) << "first it is packed";
    EXPECT_EQ(hub.evidence_orders.back().urls.size(), 2U);
    EXPECT_EQ(artifacts.evidence_completed, 1);
    EXPECT_EQ(artifacts.completed, 1);
    EXPECT_EQ(count<sm::EvidenceDrawn>(), 1);
    EXPECT_EQ(count<sm::EvidencePacked>(), 1);
    expect_verified_once();
}

TEST_F(PipelineEvidenceTest, NothingIsDrawnBeforeTheSubmitIsDeepEnough) {
    settings.confirmations = 20;
    start(true);
    ASSERT_TRUE(run_until([this] { return chain.mined("submit") == 1; }));
    run_for(15);
    EXPECT_EQ(count<sm::EvidenceDrawn>(), 0);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
}

TEST_F(PipelineEvidenceTest, TheWorkerIsFreeForOtherJobsMeanwhile) {
    hub.evidence = {};  // it does not get to it
    start(true);
    ASSERT_TRUE(run_until([this] { return !hub.evidence_orders.empty(); }));
    EXPECT_EQ(hub.idle_workers(), 1U);
}

TEST_F(PipelineEvidenceTest, AWorkerThatIsAwayIsWaitedForAsNobodyElseHasTheStates) {
    hub.evidence = {};
    start(true);
    ASSERT_TRUE(run_until([this] { return !hub.evidence_orders.empty(); }));
    hub.add_worker(worker_2);
    hub.disconnect(worker_1, "connection reset");
    run_for(3'600);
    EXPECT_EQ(count<sm::LeaseRevoked>(), 0);
    EXPECT_EQ(record().state, sm::State::submitted);
    EXPECT_NE(sm::why(record(), clock.unix_ms()).find("packs the states"), std::string::npos);
    hub.evidence = artifacts.evidence;
    hub.connect(worker_1);
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
}

TEST_F(PipelineEvidenceTest, WhatTheWorkerCannotShowIsOrderedAgainAndSaid) {
    hub.evidence = {};
    start(true);
    ASSERT_TRUE(run_until([this] { return hub.evidence_orders.size() == 1; }));
    hub.send(job_id, wp::StepFailed{"evidence", true, "state-7.bin is damaged", true});
    ASSERT_TRUE(run_until([this] { return hub.evidence_orders.size() == 2; }));
    EXPECT_EQ(count<sm::LeaseRevoked>(), 0);
    EXPECT_NE(sm::why(record(), clock.unix_ms()).find("state-7.bin is damaged"), std::string::npos);
    chain.reject_result(job_id);
    ASSERT_TRUE(run_until_state(sm::State::failed));
    EXPECT_TRUE(run_until([this] { return hub.forgotten.contains(job_id); }, 10));
}

TEST_F(PipelineEvidenceTest, EvidenceOfOtherBytesThanWerePackedIsNotCompleted) {
    start(true);
    artifacts.evidence.sha256 = repeated<Hash256>(0x13);
    ASSERT_TRUE(run_until([this] { return count<sm::UploadAborted>() == 1; }));
    EXPECT_EQ(artifacts.evidence_completed, 0);
    artifacts.evidence = hub.evidence;
    ASSERT_TRUE(run_until_state(sm::State::verified));
    expect_verified_once();
}

TEST_F(PipelineEvidenceTest, ItsUploadGoesOnAfterARestart) {
    start(true);
    ASSERT_TRUE(run_until([this] { return artifacts.completed == 1; }));
    hub.answers_uploads = false;
    ASSERT_TRUE(run_until([this] { return !hub.evidence_orders.empty() && !hub.evidence_orders.back().urls.empty(); }));
    const std::string upload = hub.evidence_orders.back().upload_id;
    hub.send(job_id, wp::PartUploaded{1, "\"first\"", upload});
    ASSERT_TRUE(run_until([this] { return record().evidence.upload.etags.contains(1); }));
    kill();
    hub.answers_uploads = true;
    start();
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_EQ(hub.evidence_orders.back().upload_id, upload);
    EXPECT_EQ(hub.evidence_orders.back().urls.size(), 1U);
    EXPECT_TRUE(hub.evidence_orders.back().urls.contains(2));
    EXPECT_EQ(artifacts.resumed, 1);
    EXPECT_EQ(count<sm::UploadAborted>(), 0);
    expect_verified_once();
}

TEST_F(PipelineEvidenceTest, AReorganisationDrawsAnew) {
    verifier_verifies = false;
    start(true);
    ASSERT_TRUE(run_until([this] { return artifacts.evidence_completed == 1; }));
    const auto drawn_before = record().evidence;
    chain.take_back(chain.head() - record().outcome.submit->block + 1);
    ASSERT_TRUE(run_until([this] { return artifacts.evidence_completed == 2; }));
    EXPECT_NE(record().evidence.block_hash, drawn_before.block_hash);
    EXPECT_EQ(hub.evidence_orders.back().states, states_of_the_draw());
    verifier_verifies = true;
    ASSERT_TRUE(run_until_state(sm::State::verified));
    EXPECT_TRUE(real_store->jobs().verify(job_id).has_value());
}

TEST_F(PipelineEvidenceTest, AVerdictThatComesFirstEndsIt) {
    hub.evidence = {};
    start(true);
    ASSERT_TRUE(run_until([this] { return !hub.evidence_orders.empty(); }));
    chain.verify(job_id, 5);
    ASSERT_TRUE(run_until_state(sm::State::verified));
}

}  // namespace
}  // namespace emeth::test
