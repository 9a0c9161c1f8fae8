// What is remembered of a worker's reports.
#include "node/pipeline/progress_board.hpp"

#include <gmock/gmock.h>

#include "support/job_events.hpp"

namespace emeth::test {
namespace {

using ::testing::DoubleEq;
using ::testing::DoubleNear;

struct Scene {
    node::ProgressBoard board;
    JobId job = numbered<JobId>(1);

    void report(std::string stage, std::uint64_t step, int second) {
        worker_protocol::Progress progress;
        progress.stage = std::move(stage);
        progress.step = step;
        progress.steps_total = 10'000;
        board.put(job, progress, Milliseconds(second * 1'000));
    }
    [[nodiscard]] node::PaceSpread pace() const { return board.seen(job)->pace; }
};

TEST(ProgressBoard, MeasuresTheSpeedInStretchesOfTenSeconds) {
    Scene scene;
    for (int second = 0; second <= 21; ++second)
        scene.report("training", static_cast<std::uint64_t>(100 + 4 * second), second);
    EXPECT_EQ(scene.pace().stretches(), 2U) << "the first step that is seen may have ended long before";
    EXPECT_THAT(scene.pace().mean(), DoubleEq(4));
    EXPECT_THAT(scene.pace().deviation(), DoubleNear(0, 1e-9));
}

TEST(ProgressBoard, SaysHowMuchTheSpeedVaries) {
    Scene scene;
    std::uint64_t step = 0;
    for (int second = 0; second <= 41; ++second) scene.report("training", step += second / 11 % 2 == 0 ? 3 : 5, second);
    EXPECT_THAT(scene.pace().mean(), DoubleNear(4, 0.5));
    EXPECT_GT(scene.pace().deviation(), 0.5);
}

TEST(ProgressBoard, AWorkerThatBeginsAgainIsMeasuredAnew) {
    Scene scene;
    for (int second = 0; second <= 30; ++second) scene.report("training", static_cast<std::uint64_t>(second), second);
    ASSERT_GT(scene.pace().stretches(), 0U);
    scene.report("tokens", 1, 31);
    EXPECT_EQ(scene.pace().stretches(), 0U);
}

TEST(ProgressBoard, AFallBackToTheCheckpointIsNoSpeed) {
    Scene scene;
    for (int second = 0; second <= 11; ++second)
        scene.report("training", static_cast<std::uint64_t>(100 + second), second);
    for (int second = 12; second <= 21; ++second) scene.report("training", static_cast<std::uint64_t>(second), second);
    EXPECT_EQ(scene.pace().stretches(), 1U);
    EXPECT_THAT(scene.pace().mean(), DoubleEq(1));
}

}  // namespace
}  // namespace emeth::test
