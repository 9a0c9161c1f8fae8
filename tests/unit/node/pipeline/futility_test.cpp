#include "node/pipeline/futility.hpp"

#include <gmock/gmock.h>

#include "support/fake_chain.hpp"
#include "support/worker_fitness.hpp"

namespace emeth::test {
namespace {

using node::Futility;
using node::WorkerInfo;
using ::testing::AllOf;
using ::testing::HasSubstr;

WorkerInfo worker(std::uint8_t number, bool fit = true) {
    WorkerInfo info;
    info.address = repeated<Address>(number);
    info.connected = true;
    if (fit) info.fitness = fit_for_everything();
    return info;
}

TEST(Futility, OneWordIsNotEnough) {
    Futility futility;
    EXPECT_FALSE(futility.reason({}, "nano", {}));
    futility.said(1, repeated<Address>(1), "it diverged");
    futility.said(1, repeated<Address>(1), "it diverged");
    EXPECT_FALSE(futility.reason({worker(1)}, "nano", {})) << "the same report, sent again";
    futility.said(2, repeated<Address>(1), "it diverged again");
    EXPECT_THAT(futility.reason({worker(1)}, "nano", {}).value_or(""),
                AllOf(HasSubstr("after 2 tries"), HasSubstr("it diverged again")));
}

TEST(Futility, EveryFitWorkerHasItsSay) {
    Futility futility;
    futility.said(1, repeated<Address>(1), "it diverged");
    futility.said(2, repeated<Address>(2), "it diverged");
    EXPECT_TRUE(futility.reason({worker(1), worker(2), worker(3, false)}, "nano", {})) << "an unfit one gets no JOB";
    EXPECT_FALSE(futility.reason({worker(1), worker(2), worker(4)}, "nano", {}));
    WorkerInfo away = worker(4);
    away.connected = false;
    EXPECT_TRUE(futility.reason({worker(1), worker(2), away}, "nano", {}));
    EXPECT_FALSE(futility.reason({worker(1), worker(2), away}, "nano", away.address))
        << "it holds the JOB, and may train";
    EXPECT_TRUE(futility.reason({worker(1), worker(2)}, "nano", repeated<Address>(2)));
}

TEST(Futility, ACheckpointShowsThatItCanBeTrained) {
    Futility futility;
    futility.said(1, repeated<Address>(1), "it diverged");
    futility.said(2, repeated<Address>(2), "it diverged");
    futility.was_trained();
    EXPECT_FALSE(futility.reason({worker(1), worker(2)}, "nano", {}));
    EXPECT_TRUE(futility.witnesses().empty());
}

TEST(Futility, ADatasetOfAnotherSizeIsSeenTwiceInARow) {
    Futility futility;
    futility.saw_dataset_bytes(999, 1'000);
    futility.saw_dataset_bytes(1'000, 1'000);
    futility.saw_dataset_bytes(999, 1'000);
    EXPECT_FALSE(futility.reason({worker(1)}, "nano", {}));
    futility.saw_dataset_bytes(999, 1'000);
    EXPECT_THAT(futility.reason({worker(1)}, "nano", {}).value_or(""), AllOf(HasSubstr("999"), HasSubstr("1000")));
}

}  // namespace
}  // namespace emeth::test
