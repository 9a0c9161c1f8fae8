// Which worker trains which JOB, against cases that were worked out by hand.
#include "node/workers/assignment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_chain.hpp"
#include "support/worker_fitness.hpp"

namespace emeth::test {
namespace {

using node::assign;
using node::Assignment;
using node::IdleWorker;
using node::WorkerWish;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Milliseconds now{5'000};

/// Trains so many tokens a second of every preset.
IdleWorker worker(std::uint8_t number, double tokens_per_s) {
    IdleWorker made;
    made.info.address = repeated<Address>(number);
    made.info.connected = true;
    made.info.peer = "127.0.0.1";
    made.info.fitness = fit_for_everything();
    for (auto& [model, speed] : made.info.fitness->tokens_per_s) speed = tokens_per_s;
    return made;
}

/// Of so many tokens, due in so many seconds.
WorkerWish job(double tokens, std::int64_t left_s) {
    WorkerWish wish;
    wish.model = "nano";
    wish.due = now + Milliseconds(left_s * 1'000);
    wish.estimate_s = [tokens](const node::WorkerInfo& info) {
        return static_cast<std::int64_t>(tokens / info.fitness->tokens_per_s.at("nano"));
    };
    return wish;
}

constexpr std::int64_t hour = 3'600;

/// The example of the header.
TEST(Assignment, TheTightestJobGetsTheFastestWorker) {
    EXPECT_THAT(assign({job(18e6, 3 * hour), job(36e6, 2 * hour)}, {worker(1, 10'000), worker(2, 2'000)}, now),
                ElementsAre(Assignment{1, 0}, Assignment{0, 1}));
}

/// Needed are 5,000, 3,000 and 1,000 tokens a second; there are 6,000, 4,000 and 1,500: each is in time.
TEST(Assignment, AllAreInTimeWhereThatIsPossible) {
    EXPECT_THAT(assign({job(1'000 * hour, hour), job(5'000 * hour, hour), job(6'000 * hour, 2 * hour)},
                       {worker(1, 1'500), worker(2, 6'000), worker(3, 4'000)}, now),
                ElementsAre(Assignment{1, 1}, Assignment{2, 2}, Assignment{0, 0}));
}

TEST(Assignment, OneJobGetsTheFastestOfAll) {
    EXPECT_THAT(assign({job(1e6, 100 * hour)}, {worker(1, 2'000), worker(2, 10'000), worker(3, 5'000)}, now),
                ElementsAre(Assignment{0, 1}));
}

TEST(Assignment, WithMoreJobsThanWorkersTheFirstAreServed) {
    EXPECT_THAT(
        assign({job(1e6, 100 * hour), job(1e6, 10 * hour), job(1e6, hour)}, {worker(1, 1'000), worker(2, 2'000)}, now),
        ElementsAre(Assignment{1, 1}, Assignment{0, 0}))
        << "the third is tighter, but came last";
}

TEST(Assignment, AJobThatNobodyCanTrainHoldsUpNoOther) {
    WorkerWish unknown = job(1e6, hour);
    unknown.model = "gpt9";
    EXPECT_THAT(assign({unknown, job(1e6, 2 * hour)}, {worker(1, 1'000)}, now), ElementsAre(Assignment{1, 0}));
}

/// Only the first worker can train gpt2; the tighter JOB would do as well with the second one.
TEST(Assignment, AJobThatFewerWorkersCanTrainChoosesFirst) {
    std::vector<IdleWorker> workers{worker(1, 9'000), worker(2, 3'000)};
    workers[1].info.fitness->tokens_per_s.erase("gpt2");
    WorkerWish large = job(1e6, 100 * hour);
    large.model = "gpt2";
    EXPECT_THAT(assign({large, job(1e6, hour)}, workers, now), ElementsAre(Assignment{0, 0}, Assignment{1, 1}));
}

/// 3.6 M tokens in an hour need 1,000 a second: the worker that has proved itself does 900.
TEST(Assignment, AProofDoesNotMakeAJobLate) {
    std::vector<IdleWorker> workers{worker(1, 900), worker(2, 9'000)};
    workers[0].has_delivered = true;
    EXPECT_THAT(assign({job(3.6e6, hour)}, workers, now), ElementsAre(Assignment{0, 1}));
}

TEST(Assignment, FilesAndProofsCountMoreThanSpeed) {
    const std::vector<IdleWorker> workers{worker(1, 1'000), worker(2, 9'000)};
    WorkerWish wish = job(1e6, hour);
    wish.preferred = repeated<Address>(1);
    EXPECT_THAT(assign({wish}, workers, now), ElementsAre(Assignment{0, 0}));
    std::vector<IdleWorker> proved = workers;
    proved[0].has_delivered = true;
    EXPECT_THAT(assign({job(1e6, hour)}, proved, now), ElementsAre(Assignment{0, 0}));
    std::vector<IdleWorker> rested = workers;
    rested[1].info.rest = Milliseconds(1);
    EXPECT_THAT(assign({job(1e6, hour)}, rested, now), ElementsAre(Assignment{0, 0}));
}

TEST(Assignment, ADeadlineThatHasPassedIsTheTightest) {
    EXPECT_THAT(assign({job(3e6, hour), job(1e6, -10)}, {worker(1, 1'000), worker(2, 2'000)}, now),
                ElementsAre(Assignment{1, 1}, Assignment{0, 0}))
        << "a late submit counts until somebody calls timeout";
}

/// Each helper adds 35%.
WorkerWish team_job(std::uint32_t team, double tokens, std::int64_t left_s) {
    WorkerWish wish = job(tokens / (1 + 0.35 * (team - 1)), left_s);
    wish.team = team;
    return wish;
}

/// 27 M tokens in 2 h: one of 3,000 a second needs 2.5 h, with one more 1.35 times less, 1 h 51 min.
TEST(Assignment, ATeamIsLedByTheFastestAndHelpedByTheNext) {
    EXPECT_THAT(assign({team_job(2, 27e6, 2 * hour)}, {worker(1, 1'000), worker(2, 2'000), worker(3, 3'000)}, now),
                ElementsAre(Assignment{0, 2, {1}}));
}

/// The team needs 93% of its time on the fastest worker, the other JOB 17%: it gets the next one, and the team the
/// last.
TEST(Assignment, TwoJobsShareThreeWorkers) {
    EXPECT_THAT(assign({job(3.6e6, 2 * hour), team_job(2, 27e6, 2 * hour)},
                       {worker(1, 1'000), worker(2, 2'000), worker(3, 3'000)}, now),
                ElementsAre(Assignment{1, 2, {0}}, Assignment{0, 1}));
}

TEST(Assignment, EveryJobGetsALeaderBeforeAnyGetsHelpers) {
    EXPECT_THAT(assign({team_job(3, 27e6, 2 * hour), job(1e6, 100 * hour)},
                       {worker(1, 1'000), worker(2, 2'000), worker(3, 3'000)}, now),
                ElementsAre(Assignment{0, 2, {0}}, Assignment{1, 1}));
}

TEST(Assignment, ATeamMakesDoWithThoseThatThereAre) {
    EXPECT_THAT(assign({team_job(4, 27e6, hour)}, {worker(1, 1'000), worker(2, 2'000)}, now),
                ElementsAre(Assignment{0, 1, {0}}));
}

/// Only the two slow ones are on one machine, and no trainer listens elsewhere.
TEST(Assignment, ATeamIsOfWorkersThatReachOneAnother) {
    std::vector<IdleWorker> workers{worker(1, 1'000), worker(2, 2'000), worker(3, 9'000)};
    workers[0].info.peer = workers[1].info.peer = "10.0.0.1";
    workers[2].info.peer = "10.0.0.3";
    EXPECT_THAT(assign({team_job(2, 1e6, hour)}, workers, now), ElementsAre(Assignment{0, 1, {0}}));
    EXPECT_THAT(assign({job(1e6, hour)}, workers, now), ElementsAre(Assignment{0, 2})) << "who leads nobody";
    workers[2].info.cooperative_host = "10.0.0.3";
    EXPECT_THAT(assign({team_job(2, 1e6, hour)}, workers, now), ElementsAre(Assignment{0, 1, {0}}))
        << "gradients go both ways";
    workers[1].info.cooperative_host = "10.0.0.1";
    EXPECT_THAT(assign({team_job(2, 1e6, hour)}, workers, now), ElementsAre(Assignment{0, 2, {1}}));
}

TEST(Assignment, WhoRestsOrHasNoRoomHelpsNobody) {
    std::vector<IdleWorker> workers{worker(1, 1'000), worker(2, 2'000), worker(3, 3'000), worker(4, 4'000)};
    workers[1].info.rest = Milliseconds(1);
    workers[2].info.fitness->disk_free_bytes = 0;
    WorkerWish wish = team_job(4, 1e6, hour);
    wish.room.disk_bytes = 1;
    EXPECT_THAT(assign({wish}, workers, now), ElementsAre(Assignment{0, 3, {0}}));
}

/// A JOB that has nobody comes before a team that lacks one, but not a team that lacks one as well.
TEST(Assignment, WhoStandsInForAHelperIsTakenLastAndOnlyToLead) {
    std::vector<IdleWorker> workers{worker(1, 1'000), worker(2, 9'000)};
    workers[1].stands_in = true;
    EXPECT_THAT(assign({job(3.6e6, hour / 2)}, workers, now), ElementsAre(Assignment{0, 0})) << "though it is late";
    EXPECT_THAT(assign({team_job(2, 1e6, hour)}, workers, now), ElementsAre(Assignment{0, 0}));
    EXPECT_THAT(assign({job(1e6, hour), job(1e6, hour)}, workers, now),
                ElementsAre(Assignment{0, 0}, Assignment{1, 1}));
}

TEST(Assignment, NobodyGetsAnythingOfNothing) {
    EXPECT_THAT(assign({}, {worker(1, 1'000)}, now), IsEmpty());
    EXPECT_THAT(assign({job(1e6, hour)}, {}, now), IsEmpty());
    EXPECT_THAT(assign({WorkerWish{}}, {worker(1, 1'000)}, now), ElementsAre(Assignment{0, 0})) << "no time is known";
}

}  // namespace
}  // namespace emeth::test
