// A check that is killed goes on after what it has done, and nothing that was done for one artifact counts for another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "integration/trainer/verification_bench.hpp"

namespace emeth::test {
namespace {

using namespace trainer_protocol;

std::size_t count_in(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

/// How often the checks in this folder trained the segment again.
std::size_t trainings(const TemporaryFolder& scratch, std::uint32_t segment) {
    return count_in(read_text(scratch / "log"), "segment " + std::to_string(segment) + " is trained again in");
}

/// The result of a check that SIGKILL ends just after it has recorded something; none if it did.
std::optional<Checked> check_until_recorded(const CheckRequest& request, const std::filesystem::path& fired) {
    TrainerProcess trainer(request, request.folder / "log",
                           {{"EMETH_FAILPOINT", "after:file check:" + fired.string()}});
    while (const auto report = trainer.next())
        if (const auto* checked = std::get_if<Checked>(&*report)) return *checked;
    return std::nullopt;
}

std::vector<std::uint32_t> drawn_of(const Hash256& block = block_hash(1)) {
    const statemachine::Artifact& artifact = honest().trained.artifact;
    const JobSpec& job = honest().bench.request.job;
    return draw_segments(job.id, block, segment_count(job.model, artifact.steps, artifact.epochs), draws);
}

TEST(CheckResume, GoesOnAfterEachKill) {
    const TemporaryFolder scratch, marks;
    const CheckRequest request = check_request(scratch, honest().bench.artifact());
    std::optional<Checked> checked;
    std::size_t kills = 0;
    while (!(checked = check_until_recorded(request, marks / std::to_string(kills))) && kills < 20) ++kills;
    const auto drawn = drawn_of();
    EXPECT_EQ(kills, 1 + drawn.size()) << "one for the validation loss and one for each segment";
    ASSERT_TRUE(checked);
    EXPECT_TRUE(checked->passed) << checked->reason;
    for (const std::uint32_t segment : drawn) EXPECT_EQ(trainings(scratch, segment), 1u) << segment;

    const TemporaryFolder other;
    const Checked whole = check(check_request(other, honest().bench.artifact()));
    EXPECT_EQ(checked->recomputed_validation_loss, whole.recomputed_validation_loss);
    EXPECT_EQ(checked->worst.weights, whole.worst.weights);
    EXPECT_EQ(checked->worst.loss, whole.worst.loss);
}

TEST(CheckResume, AnotherDrawIsTrainedAgainWhereItDiffers) {
    const TemporaryFolder scratch;
    EXPECT_TRUE(check(check_request(scratch, honest().bench.artifact())).passed);
    const Hash256 other = block_hash(2);
    ASSERT_NE(drawn_of(other), drawn_of());
    EXPECT_TRUE(check(request_for(honest().bench, honest().trained, honest().bench.artifact(), scratch, other)).passed);
    for (const std::uint32_t segment : drawn_of(other)) EXPECT_EQ(trainings(scratch, segment), 1u) << segment;
}

TEST(CheckResume, OtherThreadsComputeAgain) {
    const TemporaryFolder scratch;
    CheckRequest request = check_request(scratch, honest().bench.artifact());
    EXPECT_TRUE(check(request).passed);
    request.compute.threads = 2;
    EXPECT_TRUE(check(request).passed);
    EXPECT_EQ(trainings(scratch, 0), 2u);
}

TEST(CheckResume, ADamagedRecordIsComputedAgain) {
    const TemporaryFolder scratch;
    const CheckRequest request = check_request(scratch, honest().bench.artifact());
    EXPECT_TRUE(check(request).passed);
    std::string record = read_text(scratch / "check.bin");
    record[40] ^= 1;
    write_text(scratch / "check.bin", record);
    EXPECT_TRUE(check(request).passed);
    EXPECT_EQ(trainings(scratch, 0), 2u);
}

/// The folder knows that the honest artifact passes; each forgery differs from it in one thing.
class NothingInherited : public ::testing::Test {
protected:
    NothingInherited() { EXPECT_TRUE(check(check_request(scratch, honest().bench.artifact())).passed); }
    TemporaryFolder scratch;
    Forgery forgery;
    std::uint32_t drawn = drawn_of().at(1);  ///< neither the first nor, with two draws, the last
};

TEST_F(NothingInherited, ByOtherLosses) {
    const std::uint64_t steps = honest().trained.artifact.steps;
    std::vector<double> losses = forgery.losses();
    losses.at(step_of_state(drawn, forgery.segments(), steps)) *= 1.1;
    forgery.set_losses(losses);
    expect_rejected(forgery.checked_in(scratch), "gives other losses");
}

TEST_F(NothingInherited, ByAnotherEnd) {
    std::vector<float> weights = forgery.weights(drawn + 1);
    for (float& weight : weights) weight *= 1.5F;
    forgery.set_weights(drawn + 1, weights);
    expect_rejected(forgery.checked_in(scratch), "ends elsewhere");
}

TEST_F(NothingInherited, ByAnotherBeginning) {
    std::vector<float> weights = forgery.weights(drawn);
    for (float& weight : weights) weight *= 1.5F;
    forgery.set_weights(drawn, weights);
    EXPECT_FALSE(forgery.checked_in(scratch).passed);
}

TEST_F(NothingInherited, ByAnotherRun) {
    CheckRequest request = check_request(scratch, honest().bench.artifact());
    request.job.id = *JobId::parse("0x000102030405060708090a0b0c0d0e0f");
    EXPECT_FALSE(check(request).passed);
}

}  // namespace
}  // namespace emeth::test
