// The trainer's own memory (RssAnon) stays below weights + gradients + optimiser + activations + 200 MB, whatever the
// size of the dataset. EMETH_TEXT_MB says how large it is.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "crypto/sha256.hpp"
#include "integration/trainer/odd_datasets.hpp"
#include "integration/trainer/trainer_process.hpp"
#include "integration/trainer/workshop.hpp"

namespace emeth::test {
namespace {

using namespace trainer_protocol;

constexpr double mb = 1e6;
/// nano: 170,000 weights with gradients and two moments, and the activations of 16 sequences of 64 tokens: 12 MB.
constexpr double model_mb = 12;

double rss_anon_mb(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("RssAnon:")) return std::stod(line.substr(8)) * 1024 / mb;
    return 0;
}

/// Measures every few milliseconds while it lives.
class Watch {
public:
    explicit Watch(pid_t pid)
        : thread_([this, pid] {
              while (!ended_) {
                  peak_ = std::max(peak_.load(), rss_anon_mb(pid));
                  std::this_thread::sleep_for(std::chrono::milliseconds(5));
              }
          }) {}
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() {
        ended_ = true;
        thread_.join();
    }
    [[nodiscard]] double peak_mb() const { return peak_; }

private:
    std::atomic<double> peak_{0};
    std::atomic<bool> ended_{false};
    std::thread thread_;
};

/// Trains a little on many times `part`.
void expect_little_memory(const std::string& part) {
    const char* wish = std::getenv("EMETH_TEXT_MB");
    const std::size_t megabytes = wish == nullptr ? 20 : std::stoul(wish);
    Bench bench("");
    {
        std::ofstream dataset(bench.path() / "dataset", std::ios::binary);
        for (std::size_t bytes = 0; bytes < megabytes * 1'000'000; bytes += part.size()) dataset << part;
    }
    bench.request.dataset_sha256 = crypto::sha256_of_file(bench.path() / "dataset").value();
    bench.request.compute.threads = 2;
    bench.request.compute.checkpoint_interval_ms = 100;
    TrainerProcess trainer(bench.request, bench.log());
    const Watch watch(trainer.pid());
    int reports = 0;
    while (const std::optional<TrainerReport> report = trainer.next()) {
        ASSERT_FALSE(std::holds_alternative<Failed>(*report)) << std::get<Failed>(*report).message;
        const auto* progress = std::get_if<Progress>(&*report);
        if (progress != nullptr && progress->stage == "training" && ++reports == 8) break;
    }
    EXPECT_EQ(reports, 8) << read_text(bench.log());
    EXPECT_GT(watch.peak_mb(), model_mb);
    EXPECT_LT(watch.peak_mb(), model_mb + 200);
    ::testing::Test::RecordProperty("peak_mb", std::to_string(watch.peak_mb()));
    std::printf("%zu MB: RssAnon at most %.1f MB\n", megabytes, watch.peak_mb());
}

TEST(Memory, DoesNotGrowWithTheDataset) {
    expect_little_memory(english_text(100'000));
}

TEST(Memory, DoesNotGrowWithALine) {
    std::string line = english_text(100'000);
    std::ranges::replace(line, '\n', ' ');
    expect_little_memory(line);
}

TEST(Memory, DoesNotGrowWithBytesThatAreNoText) {
    expect_little_memory(binary(1'000'000));
}

}  // namespace
}  // namespace emeth::test
