// Honest work is never rejected: runs of many sizes, texts and presets, each trained on one kind of machine, killed now
// and then, and checked on another. What each run deviates by is printed; docs/VERIFICATION.md has the worst.
//
// 40 runs; all 500: ./emeth test --label long.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <random>

#include "integration/trainer/odd_datasets.hpp"
#include "integration/trainer/verification_bench.hpp"

namespace emeth::test {
namespace {

using namespace trainer_protocol;

int run_count() {
    return full_trials() ? 500 : 40;
}

/// What a machine computes with. The variables choose the kernels of oneDNN, libtorch and OpenBLAS.
struct Machine {
    std::uint32_t threads = 1;
    std::uint32_t micro_batch = 0;
    std::map<std::string, std::string> environment;
};

struct HonestRun {
    std::string model = "nano", text_name, text;
    std::string precision, precision_of_verifier;
    std::uint32_t epochs = 2;
    int kills = 0;
    Machine trainer, verifier;
};

/// The same runs each time.
class Lot {
public:
    explicit Lot(int run) : random_(static_cast<std::uint64_t>(run) * 7'919 + 12) {}
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
    template <class T, std::size_t n>
    const T& one_of(const std::array<T, n>& choices) {
        return choices[below(n)];
    }

private:
    std::mt19937_64 random_;
};

/// libtorch and OpenBLAS obey, whatever the processor has: a kernel that it lacks would kill the trainer.
std::string what_there_is(const std::string& wished) {
    const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (wished == "avx512" && !has_avx512) return what_there_is("avx2");
    if (wished == "SkylakeX" && !has_avx512) return what_there_is("Haswell");
    if (wished == "avx2" && !has_avx2) return "default";
    if (wished == "Haswell" && !has_avx2) return "Prescott";
    return wished;
}

Machine some_machine(Lot& lot) {
    Machine machine;
    machine.threads = lot.one_of(std::array{1U, 1U, 2U, 2U, 3U});
    machine.micro_batch = lot.one_of(std::array{0U, 0U, 1U, 3U, 8U, 16U});
    machine.environment["ONEDNN_MAX_CPU_ISA"] =
        lot.one_of(std::array{"ALL", "ALL", "AVX512_CORE", "AVX512_CORE_BF16", "AVX2"});
    machine.environment["ATEN_CPU_CAPABILITY"] =
        what_there_is(lot.one_of(std::array{"avx512", "avx512", "avx2", "default"}));
    machine.environment["OPENBLAS_CORETYPE"] = what_there_is(lot.one_of(std::array{"SkylakeX", "Haswell", "Prescott"}));
    return machine;
}

/// From 4 KB on, small ones more often.
std::size_t some_size(int number, Lot& lot) {
    if (number == 499) return 20'000'000;
    if (number % 100 == 61) return 1'000'000 + lot.below(2'000'000);
    const std::size_t doubled = std::size_t{4'096} << lot.below(5);
    return doubled + lot.below(doubled);
}

void choose_text(HonestRun& run, std::size_t bytes, Lot& lot) {
    const std::vector<OddDataset> odd = odd_datasets();
    const std::size_t kind = bytes > 300'000 ? lot.below(3) : lot.below(20);
    const auto english = [&] {
        const std::string licences = english_text(130'000);
        std::string text;
        for (std::size_t at = lot.below(licences.size()); text.size() < bytes; at = 0) text += licences.substr(at);
        text.resize(bytes);
        return text;
    };
    if (kind == 0) {
        run.text_name = "japanese";
        run.text = japanese_text(bytes);
    } else if (kind == 1) {
        run.text_name = "many characters";
        run.text = many_characters(bytes, 300 + lot.below(2'000));
    } else if (kind == 2) {
        run.text_name = "binary";
        run.text = binary(bytes);
    } else if (kind == 3) {
        run.text_name = "emoji words";
        run.text = emoji_words(bytes);
    } else if (kind == 4) {
        run.text_name = "one letter";
        run.text.assign(bytes, lot.one_of(std::array{'a', '\n', ' '}));
    } else if (kind == 5) {
        const OddDataset& chosen = odd[lot.below(odd.size())];
        run.text_name = chosen.name;
        run.text = chosen.bytes.substr(0, 60'000);
    } else if (kind < 9) {
        run.text_name = "english with odd bytes";
        run.text = english();
        for (int i = 0; i < 30; ++i) run.text[lot.below(run.text.size())] = static_cast<char>(lot.below(256));
    } else {
        run.text_name = "english";
        run.text = english();
    }
}

HonestRun run_of(int number) {
    Lot lot(number);
    HonestRun run;
    choose_text(run, some_size(number, lot), lot);
    run.precision = lot.one_of(std::array{"float32", "bf16"});
    run.epochs = lot.one_of(std::array{1U, 2U, 2U, 2U, 2U, 3U, 5U, 10U, 30U, 60U, 100U});
    if (run.text.size() * run.epochs > 1'000'000) run.epochs = 2;
    if (number % 20 == 7 && run.text.size() * run.epochs < 150'000) run.model = "d256";
    if (number % 250 == 149) {
        run.model = "d512";
        run.text.resize(std::min<std::size_t>(run.text.size(), 8'192));
        run.epochs = 2;
    }
    run.kills = static_cast<int>(lot.one_of(std::array{0, 0, 1, 2}));
    run.trainer = some_machine(lot);
    run.verifier = some_machine(lot);
    run.precision_of_verifier = lot.one_of(std::array{"float32", "bf16", "auto"});
    return run;
}

/// Killed `run.kills` times, as soon as a checkpoint has been saved. Each time it continues with another thread more.
Trained train_with_kills(Bench& bench, const HonestRun& run) {
    for (int kill = 0; kill < run.kills; ++kill) {
        const auto at_checkpoint = [](const TrainerReport& report) {
            return std::holds_alternative<CheckpointSaved>(report);
        };
        run_trainer(bench.request, bench.log(), at_checkpoint, run.trainer.environment);
        bench.request.compute.threads = 1 + bench.request.compute.threads % 2;
    }
    return train_to_end(bench, run.trainer.environment);
}

class HonestRuns : public ::testing::TestWithParam<int> {};

TEST_P(HonestRuns, AreVerified) {
    const HonestRun run = run_of(GetParam());
    Bench bench(run.text);
    bench.request.job.model = run.model;
    bench.request.job.epochs = run.epochs;
    bench.request.job.id.bytes[0] = static_cast<std::uint8_t>(GetParam());
    bench.request.compute.threads = run.trainer.threads;
    bench.request.compute.micro_batch = run.trainer.micro_batch;
    bench.request.compute.precision = run.precision;
    bench.request.compute.checkpoint_interval_ms = run.kills > 0 ? 50 : 600'000;
    const Trained trained = train_with_kills(bench, run);

    const TemporaryFolder scratch;
    CheckRequest request =
        request_for(bench, trained, bench.artifact(), scratch, block_hash(static_cast<std::uint64_t>(GetParam())));
    request.draws = std::clamp(segment_count(run.model, trained.artifact.steps, run.epochs) - 1, 1U, 6U);
    write_text(request.evidence, evidence_of(bench, trained, request.block_hash, request.draws));
    request.compute.threads = run.verifier.threads;
    request.compute.micro_batch = run.verifier.micro_batch;
    request.compute.precision = run.precision_of_verifier;
    const Checked checked = check(request, run.verifier.environment);
    EXPECT_TRUE(checked.passed) << checked.reason << "\n" << read_text(scratch / "log");
    const Deviation& worst = checked.worst;
    const auto& trained_by = run.trainer.environment.at("ONEDNN_MAX_CPU_ISA");
    const auto& checked_by = run.verifier.environment.at("ONEDNN_MAX_CPU_ISA");
    std::cout << "honest run " << GetParam() << ": " << run.model << ' ' << run.precision << ", " << run.text.size()
              << " bytes of " << run.text_name << ", " << run.epochs << " epochs, " << trained.artifact.steps
              << " steps, kernels " << trained_by << " and " << checked_by << ": weights " << worst.weights
              << " weighted " << worst.weighted_weights << " moments " << worst.first_moments << ' '
              << worst.second_moments << " next step " << worst.next_step << " loss " << worst.loss << " validation "
              << std::abs(checked.recomputed_validation_loss - checked.claimed_validation_loss) << std::endl;
}

INSTANTIATE_TEST_SUITE_P(Lot, HonestRuns, ::testing::Range(0, run_count()));

}  // namespace
}  // namespace emeth::test
