// A run that is killed with SIGKILL, anywhere and any number of times, ends with the same artifact, byte for byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <optional>

#include "integration/trainer/trainer_process.hpp"
#include "integration/trainer/workshop.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::test {
namespace {

using namespace trainer_protocol;
using KillAt = std::function<bool(const TrainerReport&)>;

/// The uninterrupted run.
const Trained& reference() {
    static const Trained trained = train_to_end(Bench());
    return trained;
}

void expect_same(const Trained& trained) {
    EXPECT_EQ(trained.artifact.sha256, reference().artifact.sha256);
    EXPECT_EQ(trained.artifact.epoch_losses, reference().artifact.epoch_losses);
    EXPECT_EQ(trained.artifact.validation_loss, reference().artifact.validation_loss);
}

KillAt at_checkpoint(std::uint64_t step) {
    return [step](const TrainerReport& report) {
        const auto* checkpoint = std::get_if<CheckpointSaved>(&report);
        return checkpoint != nullptr && checkpoint->checkpoint.step >= step;
    };
}

KillAt at_stage(const std::string& stage) {
    return [stage](const TrainerReport& report) {
        const auto* progress = std::get_if<Progress>(&report);
        return progress != nullptr && progress->stage == stage;
    };
}

/// Runs until it is killed; false when it finished before that.
bool run_until(const Bench& bench, const KillAt& kill_at) {
    return !run_trainer(bench.request, bench.log(), kill_at).has_value();
}

/// Runs to the end and stores where it started.
Trained finish(const Bench& bench, std::uint64_t& started_at) {
    const auto report = run_trainer(bench.request, bench.log(), [&](const TrainerReport& each) {
        if (const auto* started = std::get_if<Started>(&each)) started_at = started->step;
        return false;
    });
    return std::get<Trained>(*report);
}

TEST(Resume, TheSameRunTwiceGivesTheSameBytes) {
    expect_same(train_to_end(Bench()));
}

TEST(Resume, KilledAtACheckpoint) {
    const std::uint64_t steps = reference().artifact.steps;
    const std::uint64_t epoch = steps / 2;
    for (const std::uint64_t step : {std::uint64_t{1}, epoch / 2, epoch - 1, epoch, epoch + 1, steps - 1, steps}) {
        SCOPED_TRACE(step);
        const Bench bench;
        ASSERT_TRUE(run_until(bench, at_checkpoint(step)));
        std::uint64_t started_at = 0;
        expect_same(finish(bench, started_at));
        EXPECT_GE(started_at, step);
    }
}

/// A segment is compared within one number type. The operator may change the settings while a JOB is under way.
TEST(Resume, ARunKeepsTheNumberTypeInWhichItBegan) {
    Bench bench;
    ASSERT_TRUE(run_until(bench, at_checkpoint(20)));
    bench.request.compute.precision = "bf16";
    std::uint64_t started_at = 0;
    expect_same(finish(bench, started_at));
    EXPECT_GE(started_at, 20U);
}

TEST(Resume, KilledInEveryStage) {
    for (const char* stage : {"tokenizer", "tokens", "training", "validation", "artifact"}) {
        SCOPED_TRACE(stage);
        const Bench bench;
        ASSERT_TRUE(run_until(bench, at_stage(stage)));
        expect_same(train_to_end(bench));
    }
}

TEST(Resume, KilledAgainAndAgain) {
    const Bench bench;
    for (const std::uint64_t step : {5u, 20u, 35u, 50u}) ASSERT_TRUE(run_until(bench, at_checkpoint(step)));
    expect_same(train_to_end(bench));
}

std::map<std::string, std::string> states_of(const Bench& bench) {
    std::map<std::string, std::string> states;
    for (const auto& entry : std::filesystem::directory_iterator(bench.path() / "states"))
        states[entry.path().filename()] = read_text(entry.path());
    return states;
}

TEST(Resume, TheStatesOfAllSegmentsAreTheSameAfterKills) {
    const Bench undisturbed, bench;
    train_to_end(undisturbed);
    for (const std::uint64_t step : {3u, 21u, 50u}) ASSERT_TRUE(run_until(bench, at_checkpoint(step)));
    expect_same(train_to_end(bench));
    EXPECT_EQ(states_of(bench), states_of(undisturbed));
    EXPECT_EQ(states_of(bench).size(), segment_count("nano", reference().artifact.steps, 2));
}

/// A run whose states are lost would be rejected, so it is trained again.
TEST(Resume, AStateThatIsLostIsMadeAgain) {
    const Bench bench;
    ASSERT_TRUE(run_until(bench, at_checkpoint(30)));
    std::filesystem::remove(state_file(bench.path(), 4));
    std::uint64_t started_at = 99;
    expect_same(finish(bench, started_at));
    EXPECT_EQ(started_at, 0U);
    std::filesystem::resize_file(state_file(bench.path(), 9), 5);
    expect_same(finish(bench, started_at));
    EXPECT_EQ(started_at, 0U);
    EXPECT_EQ(states_of(bench).size(), segment_count("nano", reference().artifact.steps, 2));
}

TEST(Resume, AFinishedJobIsReportedAtOnce) {
    const Bench bench;
    train_to_end(bench);
    bool trained_again = false;
    const auto report = run_trainer(bench.request, bench.log(), [&](const TrainerReport& each) {
        trained_again = trained_again || std::holds_alternative<Started>(each);
        return false;
    });
    expect_same(std::get<Trained>(*report));
    EXPECT_FALSE(trained_again);
}

TEST(Resume, AnArtifactThatIsNotWholeIsMadeAgain) {
    const Bench bench;
    train_to_end(bench);
    std::filesystem::resize_file(bench.artifact(), std::filesystem::file_size(bench.artifact()) / 2);
    expect_same(train_to_end(bench));
}

/// The two generations, the newer one first.
std::pair<std::filesystem::path, std::filesystem::path> checkpoints(const Bench& bench) {
    std::pair files{bench.path() / "checkpoint-0.bin", bench.path() / "checkpoint-1.bin"};
    if (std::filesystem::last_write_time(files.first) < std::filesystem::last_write_time(files.second))
        std::swap(files.first, files.second);
    return files;
}

void flip_a_byte(const std::filesystem::path& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(path) / 2);
    file.seekg(middle);
    const auto byte = static_cast<char>(file.get() ^ 1);
    file.seekp(middle);
    file.put(byte);
}

TEST(Resume, ATornCheckpointFallsBackToTheOneBefore) {
    for (const bool truncated : {true, false}) {
        SCOPED_TRACE(truncated ? "truncated" : "one bit wrong");
        const Bench bench;
        std::uint64_t last = 0;
        ASSERT_TRUE(run_until(bench, [&](const TrainerReport& report) {
            if (const auto* checkpoint = std::get_if<CheckpointSaved>(&report)) last = checkpoint->checkpoint.step;
            return last >= 20;
        }));
        const std::filesystem::path newest = checkpoints(bench).first;
        if (truncated)
            std::filesystem::resize_file(newest, std::filesystem::file_size(newest) - 1000);
        else
            flip_a_byte(newest);
        std::uint64_t started_at = 0;
        expect_same(finish(bench, started_at));
        EXPECT_GT(started_at, 0u);
    }
}

TEST(Resume, WithBothCheckpointsTornItStartsAgain) {
    const Bench bench;
    ASSERT_TRUE(run_until(bench, at_checkpoint(20)));
    const auto [newer, older] = checkpoints(bench);
    flip_a_byte(newer);
    flip_a_byte(older);
    std::uint64_t started_at = 1;
    expect_same(finish(bench, started_at));
    EXPECT_EQ(started_at, 0u);
}

TEST(Resume, DamagedTokensAndTokenizerAreMadeAgain) {
    for (const char* name : {"tokens.bin", "tokenizer.bin"}) {
        SCOPED_TRACE(name);
        const Bench bench;
        ASSERT_TRUE(run_until(bench, at_checkpoint(10)));
        flip_a_byte(bench.path() / name);
        expect_same(train_to_end(bench));
    }
}

TEST(Resume, AnotherJobDoesNotContinueFromTheCheckpoint) {
    Bench bench;
    ASSERT_TRUE(run_until(bench, at_checkpoint(10)));
    bench.request.job.id = *JobId::parse("0xffffffffffffffffffffffffffffffff");
    std::uint64_t started_at = 1;
    EXPECT_NE(finish(bench, started_at).artifact.sha256, reference().artifact.sha256);
    EXPECT_EQ(started_at, 0u);
}

TEST(Resume, TheMicroBatchOnlyRounds) {
    Bench bench;
    bench.request.compute.micro_batch = 3;
    const Trained trained = train_to_end(bench);
    EXPECT_NEAR(trained.artifact.validation_loss, reference().artifact.validation_loss, 0.01);
    EXPECT_NE(trained.artifact.sha256, reference().artifact.sha256);
}

TEST(Resume, TheLossFalls) {
    ASSERT_EQ(reference().artifact.epoch_losses.size(), 2u);
    EXPECT_LT(reference().artifact.epoch_losses[1], reference().artifact.epoch_losses[0] - 0.3);
    EXPECT_LT(reference().artifact.validation_loss, 6.0);
}

}  // namespace
}  // namespace emeth::test
