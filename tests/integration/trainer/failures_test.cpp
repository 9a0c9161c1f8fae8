// Requests that cannot be trained end in one clear message; a trainer without a parent exits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include "crypto/sha256.hpp"
#include "integration/trainer/trainer_process.hpp"
#include "integration/trainer/workshop.hpp"
#include "runtime/folder_lock.hpp"

namespace emeth::test {
namespace {

using namespace trainer_protocol;
using ::testing::AllOf;
using ::testing::HasSubstr;

Failed failure_of(const Bench& bench) {
    return std::get<Failed>(*run_trainer(bench.request, bench.log()));
}

TEST(Failures, AnUnknownModel) {
    Bench bench;
    bench.request.job.model = "gpt9";
    const Failed failed = failure_of(bench);
    EXPECT_FALSE(failed.permanent) << "another machine may do it";
    EXPECT_THAT(failed.message, AllOf(HasSubstr("gpt9"), HasSubstr("nano")));
}

TEST(Failures, ADeviceThatIsNotThere) {
    Bench bench;
    bench.request.compute.device = "cuda:0";
    const Failed failed = failure_of(bench);
    EXPECT_FALSE(failed.permanent) << "another machine may do it";
    EXPECT_THAT(failed.message, HasSubstr("cuda:0"));
}

TEST(Failures, ADatasetTooSmallForAWindow) {
    const Failed failed = failure_of(Bench("To be, or not to be, that is the question.\n"));
    EXPECT_TRUE(failed.permanent);
    EXPECT_THAT(failed.message, HasSubstr("tokens"));
}

TEST(Failures, AnEmptyDataset) {
    const Failed failed = failure_of(Bench(""));
    EXPECT_TRUE(failed.permanent);
    EXPECT_THAT(failed.message, HasSubstr("0 tokens"));
}

TEST(Failures, AnotherDatasetThanAnnounced) {
    Bench bench;
    bench.request.dataset_sha256 = crypto::sha256("something else");
    const Failed failed = failure_of(bench);
    EXPECT_FALSE(failed.permanent);
    EXPECT_THAT(failed.message, AllOf(HasSubstr("SHA-256"), HasSubstr("fetch it again")));
}

TEST(Failures, AFolderThatIsNotThere) {
    Bench bench;
    bench.request.folder = "/nonexistent/emeth";
    EXPECT_THAT(failure_of(bench).message, HasSubstr("/nonexistent/emeth"));
}

TEST(Failures, AFolderInUseByAnotherTrainer) {
    const Bench bench;
    const Result<FolderLock> lock = FolderLock::acquire(bench.path());
    ASSERT_TRUE(lock);
    const Failed failed = failure_of(bench);
    EXPECT_FALSE(failed.permanent);
    EXPECT_THAT(failed.message, HasSubstr("in use"));
}

/// While it lives, files of this process and its children cannot grow beyond `bytes`, as if the disk were full.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) : old_handler_(::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &old_limit_);
        const rlimit limit{bytes, old_limit_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &old_limit_);
        ::signal(SIGXFSZ, old_handler_);
    }

private:
    sighandler_t old_handler_;
    rlimit old_limit_{};
};

TEST(Failures, ADiskThatIsFull) {
    const Bench bench;
    {
        const FileSizeLimit limit(500'000);
        const Failed failed = failure_of(bench);
        EXPECT_FALSE(failed.permanent);
        EXPECT_THAT(failed.message, AllOf(HasSubstr("cannot save the state of a segment"), HasSubstr("File too large"),
                                          HasSubstr(bench.path().string())));
    }
    EXPECT_EQ(train_to_end(bench).artifact.epochs, 2u);  // continues once there is space again
}

TEST(Failures, TheSmallestDatasetOfTheNetworkIsTrained) {
    const Trained trained = train_to_end(Bench(english_text(4'096)));
    EXPECT_EQ(trained.artifact.epochs, 2u);
    EXPECT_LT(trained.artifact.epoch_losses[1], trained.artifact.epoch_losses[0]);
}

TEST(Failures, JapaneseText) {
    std::string text;
    const std::string opening = "祇園精舎の鐘の声、諸行無常の響きあり。";
    const std::string rest = "番の沙羅双樹の花の色。\n";
    for (int line = 0; line < 400; ++line) text += opening + std::to_string(line * 7919 % 1000) + rest;
    Bench bench(text);
    bench.request.job.language = "ja";
    EXPECT_LT(train_to_end(bench).artifact.validation_loss, 6.0);
}

TEST(Failures, WithoutAParentItEnds) {
    const Bench bench;
    TrainerProcess trainer(bench.request, bench.log());
    ASSERT_TRUE(trainer.next().has_value());
    trainer.hang_up();
    EXPECT_NE(trainer.wait(5), -1);
    EXPECT_FALSE(std::filesystem::exists(bench.artifact()));
}

TEST(Failures, AParentThatDoesNotListenDoesNotStopTheTraining) {
    const Bench bench;
    const TrainerProcess trainer(bench.request, bench.log());
    for (int attempt = 0; attempt < 600 && !std::filesystem::exists(bench.artifact()); ++attempt)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(std::filesystem::exists(bench.artifact()));
}

TEST(Failures, ByHandItSaysWhatItIs) {
    const std::string command = trainer_program().string() + " --help | grep -q 'not run by hand'";
    EXPECT_EQ(std::system(command.c_str()), 0);
    const int status = std::system((trainer_program().string() + " </dev/null 2>/dev/null 3>&-").c_str());
    EXPECT_EQ(WEXITSTATUS(status), 2);
}

}  // namespace
}  // namespace emeth::test
