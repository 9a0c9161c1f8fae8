// Several trainers on one JOB: the losses are those of a single trainer, and one that dies, hangs or lies does no harm.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <boost/json/parse.hpp>
#include <cmath>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <thread>

#include "integration/trainer/trainer_process.hpp"
#include "integration/trainer/workshop.hpp"

namespace emeth::test {
namespace {

using namespace trainer_protocol;

/// Long enough for helpers to come, go and come again.
constexpr std::size_t text_bytes = 120'000;
constexpr std::uint32_t epochs = 8;

struct LongBench : Bench {
    explicit LongBench(std::size_t text_offset = 0) : Bench(english_text(text_bytes, text_offset)) {
        request.job.epochs = epochs;
        request.compute.checkpoint_interval_ms = 500;
    }
};

/// A JOB in training whose leader lets helpers in.
class Cooperation : public testing::Test {
protected:
    Cooperation() { start_leader(0); }

    /// On a busy machine helpers may be of no use, so most tests switch the trial off.
    void start_leader(std::uint32_t trial_steps) {
        leader_bench.request.cooperation = CooperationOptions{.timeout_ms = 3'000, .trial_steps = trial_steps};
        leader = std::make_unique<TrainerProcess>(leader_bench.request, leader_bench.log());
    }

    /// The leader's next report of type R for which `fits` is true; progress before it is recorded.
    template <class R, class Fits>
    R next_of_leader(Fits fits) {
        while (std::optional<TrainerReport> report = leader->next()) {
            if (const auto* progress = std::get_if<Progress>(&*report)) {
                workers_seen = std::max(workers_seen, progress->workers);
                workers_now = progress->workers;
            }
            if (const auto* failed = std::get_if<Failed>(&*report)) throw std::runtime_error(failed->message);
            if (const auto* wanted = std::get_if<R>(&*report); wanted != nullptr && fits(*wanted)) return *wanted;
        }
        throw std::runtime_error("the leader ended; see " + leader_bench.log().string());
    }
    template <class R>
    R next_of_leader() {
        return next_of_leader<R>([](const R&) { return true; });
    }
    void until_workers(std::uint32_t workers) {
        next_of_leader<Progress>([&](const Progress& progress) { return progress.workers == workers; });
    }

    Rendezvous rendezvous() {
        if (!opened) opened = next_of_leader<RendezvousOpened>().rendezvous;
        return *opened;
    }

    struct Helper {
        explicit Helper(std::size_t text_offset = 0) : bench(text_offset) {}
        LongBench bench;
        std::unique_ptr<TrainerProcess> trainer;

        /// The last report.
        TrainerReport end() {
            while (std::optional<TrainerReport> report = trainer->next())
                if (std::holds_alternative<Helped>(*report) || std::holds_alternative<Failed>(*report)) return *report;
            throw std::runtime_error("the helper ended without a word; see " + bench.log().string());
        }
    };

    HelpRequest request_of(const Helper& helper) {
        TrainRequest train = helper.bench.request;
        train.cooperation = leader_bench.request.cooperation;
        return {std::move(train), rendezvous()};
    }
    void start(Helper& helper) {
        helper.trainer = std::make_unique<TrainerProcess>(request_of(helper), helper.bench.log());
    }

    /// Compares the losses of all steps with those of a single trainer.
    void expect_losses_of_one() {
        static const std::vector<double> alone = [] {
            const LongBench bench;
            train_to_end(bench);
            return losses(bench);
        }();
        const std::vector<double> together = losses(leader_bench);
        ASSERT_EQ(together.size(), alone.size());
        const auto differs = [&](std::size_t i) { return std::abs(together[i] / alone[i] - 1); };
        std::size_t first = 0;
        while (first < alone.size() && together[first] == alone[first]) ++first;
        ASSERT_LT(first, alone.size()) << "nobody took part: sums over other shares round differently";
        // Rounding errors grow with every step, as between thread counts; a missing share would change the losses more.
        for (std::size_t i = first; i < std::min(first + 10, alone.size()); ++i) EXPECT_LT(differs(i), 1e-3) << i;
        for (std::size_t i = first; i < alone.size(); ++i) EXPECT_LT(differs(i), 3e-2) << i;
    }

    static std::vector<double> losses(const Bench& bench) {
        std::vector<TarEntry> entries = read_tar(bench.artifact());
        std::istringstream log(content_of(entries, "training_log.jsonl"));
        std::vector<double> all;
        for (std::string line; std::getline(log, line);) {
            const boost::json::value value = boost::json::parse(line);
            if (const auto* loss = value.as_object().if_contains("loss")) all.push_back(loss->to_number<double>());
        }
        return all;
    }

    LongBench leader_bench;
    std::unique_ptr<TrainerProcess> leader;
    std::optional<Rendezvous> opened;
    std::uint32_t workers_seen = 1, workers_now = 1;
};

TEST_F(Cooperation, TwoWorkersLearnWhatOneLearns) {
    Helper helper;
    start(helper);
    next_of_leader<Trained>();
    EXPECT_EQ(workers_seen, 2U);
    const TrainerReport end = helper.end();
    ASSERT_TRUE(std::holds_alternative<Helped>(end)) << std::get<Failed>(end).message;
    EXPECT_GT(std::get<Helped>(end).steps, 0U);
    expect_losses_of_one();
}

TEST_F(Cooperation, AHelperThatDiesCostsNoStep) {
    Helper helper;
    start(helper);
    until_workers(2);
    helper.trainer->kill();
    until_workers(1);
    Helper another;
    start(another);
    until_workers(2);
    next_of_leader<Trained>();
    expect_losses_of_one();
}

TEST_F(Cooperation, AHelperThatHangsIsLeftBehind) {
    Helper helper;
    start(helper);
    until_workers(2);
    ::kill(helper.trainer->pid(), SIGSTOP);
    until_workers(1);
    next_of_leader<Trained>();
    expect_losses_of_one();
}

/// As on a slow network: the helper is fine, but each sum takes long.
TEST_F(Cooperation, HelpersThatMakeAStepNoFasterAreSentBackToWait) {
    leader.reset();
    start_leader(5);
    Helper helper;
    start(helper);
    until_workers(2);
    std::atomic<bool> ending = false;
    std::thread slowing([&] {
        while (!ending) {
            ::kill(helper.trainer->pid(), SIGSTOP);
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            ::kill(helper.trainer->pid(), SIGCONT);
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    });
    until_workers(1);
    ending = true;
    slowing.join();
    EXPECT_NE(read_text(leader_bench.log()).find("would take"), std::string::npos);
    next_of_leader<Trained>();
    EXPECT_TRUE(std::holds_alternative<Failed>(helper.end())) << "it waited until its leader was gone";
    expect_losses_of_one();
}

TEST_F(Cooperation, ThreeWorkersAndOneOfThemDies) {
    Helper first, second;
    start(first);
    start(second);
    until_workers(3);
    first.trainer->kill();
    until_workers(2);
    next_of_leader<Trained>();
    expect_losses_of_one();
}

TEST_F(Cooperation, ALeaderThatDiesGoesOnFromItsCheckpoint) {
    Helper helper;
    start(helper);
    until_workers(2);
    const auto checkpoint = next_of_leader<CheckpointSaved>();
    leader->kill();
    const TrainerReport end = helper.end();
    ASSERT_TRUE(std::holds_alternative<Failed>(end));
    EXPECT_FALSE(std::get<Failed>(end).permanent);

    leader = std::make_unique<TrainerProcess>(leader_bench.request, leader_bench.log());
    opened.reset();
    start(helper);
    EXPECT_GE(next_of_leader<Started>().step, checkpoint.checkpoint.step);
    until_workers(2);
    next_of_leader<Trained>();
    expect_losses_of_one();
}

/// The places of each segment's records, and the number types of all records.
struct Recorded {
    std::vector<std::size_t> segments;
    std::set<std::string> precisions;
};
Recorded recorded_in(const Bench& bench) {
    std::vector<TarEntry> entries = read_tar(bench.artifact());
    const boost::json::value manifest = manifest_of(entries);
    Recorded recorded;
    for (const auto& places : manifest.at("segments").as_array()) recorded.segments.push_back(places.as_array().size());
    for (const auto& record : manifest.at("compute").as_array())
        recorded.precisions.emplace(record.at("precision").as_string());
    return recorded;
}

/// A verifier draws three segments and computes them alone.
Checked check_of(const LongBench& bench, const Trained& trained) {
    const Hash256 block = *Hash256::parse(std::string(64, '7'));
    const std::string evidence = evidence_of(bench, trained, block, 3);
    write_text(bench.path() / "evidence", evidence);
    const TemporaryFolder scratch;
    CheckRequest request;
    request.job = bench.request.job;
    request.artifact = bench.artifact();
    request.dataset = bench.path() / "dataset";
    request.folder = scratch.path();
    request.evidence = bench.path() / "evidence";
    request.block_hash = block;
    request.draws = 3;
    const auto answer = run_trainer(request, scratch / "log");
    if (!answer) throw std::runtime_error("the trainer ended without a verdict; see " + (scratch / "log").string());
    if (const auto* failed = std::get_if<Failed>(&*answer)) throw std::runtime_error(failed->message);
    return std::get<Checked>(*answer);
}

/// The verifier sees no difference. The helper would compute in bfloat16 if it were asked.
TEST_F(Cooperation, WhatTwoHaveTrainedPassesTheCheck) {
    Helper helper;
    helper.bench.request.compute.precision = "bf16";
    helper.bench.request.compute.threads = 2;
    start(helper);
    const auto trained = next_of_leader<Trained>();
    ASSERT_EQ(workers_seen, 2U);
    const Checked checked = check_of(leader_bench, trained);
    EXPECT_TRUE(checked.passed) << checked.reason;
    const Recorded recorded = recorded_in(leader_bench);
    EXPECT_EQ(recorded.precisions, std::set<std::string>{"float32"}) << "a team computes in its leader's type";
    EXPECT_EQ(std::ranges::max(recorded.segments), 2U) << "the helper is recorded where it helped";
}

/// Gradients of several slices, of which most are summed before the first are computed, and rounded on their way.
TEST_F(Cooperation, WhatTwoHaveTrainedInBf16PassesTheCheck) {
    leader.reset();
    Helper helper;
    for (Bench* bench : {static_cast<Bench*>(&leader_bench), static_cast<Bench*>(&helper.bench)}) {
        bench->request.job.model = "d256";
        bench->request.job.epochs = 2;
        bench->request.compute.checkpoint_interval_ms = 60'000;
        bench->request.compute.precision = "bf16";
        bench->request.compute.micro_batch = 8;
    }
    helper.bench.request.compute.threads = 2;  // unlike the leader's, so that its record tells
    start_leader(0);
    start(helper);
    const auto trained = next_of_leader<Trained>();
    ASSERT_EQ(workers_seen, 2U);
    const Checked checked = check_of(leader_bench, trained);
    EXPECT_TRUE(checked.passed) << checked.reason;
    const Recorded recorded = recorded_in(leader_bench);
    EXPECT_EQ(recorded.precisions, std::set<std::string>{"bf16"});
    EXPECT_EQ(std::ranges::max(recorded.segments), 2U);
}

TEST_F(Cooperation, AHelperOfAnotherNumberTypeIsSentAway) {
    Helper helper;
    HelpRequest request = request_of(helper);
    request.rendezvous.precision = "bf16";
    helper.trainer = std::make_unique<TrainerProcess>(request, helper.bench.log());
    const TrainerReport end = helper.end();
    ASSERT_TRUE(std::holds_alternative<Failed>(end));
    EXPECT_NE(std::get<Failed>(end).message.find("it computes in bf16, this run in float32"), std::string::npos)
        << std::get<Failed>(end).message;
    next_of_leader<Trained>();
    EXPECT_EQ(workers_seen, 1U);
}

TEST_F(Cooperation, WhoDoesNotKnowTheTokenIsNotLetIn) {
    Helper stranger;
    HelpRequest request = request_of(stranger);
    request.rendezvous.token.bytes[0] ^= 1;
    stranger.trainer = std::make_unique<TrainerProcess>(request, stranger.bench.log());
    const TrainerReport end = stranger.end();
    ASSERT_TRUE(std::holds_alternative<Failed>(end));
    next_of_leader<Trained>();
    EXPECT_EQ(workers_seen, 1U);
}

TEST_F(Cooperation, AHelperWithAnotherDatasetIsSentAway) {
    Helper helper(1'000);
    start(helper);
    const TrainerReport end = helper.end();
    ASSERT_TRUE(std::holds_alternative<Failed>(end));
    EXPECT_NE(std::get<Failed>(end).message.find("it has another dataset"), std::string::npos)
        << std::get<Failed>(end).message;
    next_of_leader<Trained>();
    EXPECT_EQ(workers_seen, 1U);
}

/// A deposit must not depend on help.
TEST_F(Cooperation, WithAHostThatIsNotItsOwnTheLeaderTrainsAlone) {
    leader->kill();
    leader_bench.request.cooperation->host = "192.0.2.1";
    const auto report = run_trainer(leader_bench.request, leader_bench.log());
    EXPECT_TRUE(std::holds_alternative<Trained>(*report));
    EXPECT_NE(read_text(leader_bench.log()).find("training alone, because helpers cannot be let in: cooperative_host"),
              std::string::npos);
}

}  // namespace
}  // namespace emeth::test
