#include "bench/bench_verification.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "bench/figures.hpp"
#include "cli/program.hpp"
#include "crypto/sha256.hpp"
#include "harness/english_text.hpp"
#include "harness/scratch_folder.hpp"
#include "runtime/clock.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/processors.hpp"
#include "trainer_protocol/segments.hpp"
#include "trainer_protocol/trainer_child.hpp"
#include "worker/evidence_file.hpp"

namespace emeth::bench {

namespace {

using namespace trainer_protocol;

/// The check may cost at most this share of the training.
constexpr double share_needed_percent = 15;

struct VerificationFlags {
    std::string model = "nano";
    std::uint64_t bytes = 4'000'000;
    std::string data = ".emeth/bench-verification";
    bool json = false;
};

struct Timed {
    TrainerReport last;
    double seconds = 0;
};

/// Runs the trainer until its final report.
Task<Result<Timed>> time_trainer(Request request, std::filesystem::path log) {
    const auto began = system_clock().monotonic();
    auto child = co_await TrainerChild::start(default_trainer_program(), std::move(request), std::move(log));
    if (child.has_error()) co_return child.error();
    for (;;) {
        auto report = co_await child->next();
        if (report.has_error()) co_return report.error();
        if (const auto* failed = std::get_if<Failed>(&*report))
            co_return transient_error("emeth-trainer: " + failed->message);
        if (!std::holds_alternative<Trained>(*report) && !std::holds_alternative<Checked>(*report)) continue;
        const double seconds = static_cast<double>((system_clock().monotonic() - began).count()) / 1'000;
        co_return Timed{std::move(*report), seconds};
    }
}

/// Any block will do: what it draws always costs about the same.
constexpr Hash256 block_hash{{0x5e, 0xed}};

Result<void> show_evidence(const std::filesystem::path& folder, const JobId& job, const Trained& trained) {
    const auto segments = segment_count(trained.artifact.steps, trained.artifact.epochs);
    const auto packed = worker::pack_evidence(
        folder, block_hash, states_to_show(draw_segments(job, block_hash, segments, draws_default), segments));
    if (packed.has_error()) return packed.error();
    return {};
}

Task<Result<void>> measure(std::shared_ptr<VerificationFlags> flags) {
    const auto folder = std::filesystem::absolute(flags->data);
    if (auto emptied = harness::empty_scratch_folder(folder, "bench"); emptied.has_error()) co_return emptied;
    if (auto made = create_folder(folder / "scratch", 0700); made.has_error()) co_return made;
    std::vector<std::uint64_t> sizes{flags->bytes};
    const auto texts = co_await harness::write_texts(folder, std::move(sizes));
    if (texts.has_error()) co_return texts.error();
    std::filesystem::rename(texts->front(), folder / "dataset");
    const auto sha256 = crypto::sha256_of_file(folder / "dataset");
    if (sha256.has_error()) co_return sha256.error();

    const JobSpec job{JobId{{0x5e, 0x1f}}, "en", 2, flags->model};
    ComputeOptions compute;
    compute.threads = processors();
    std::fprintf(stderr, "emeth bench: %s trains %llu bytes\n", flags->model.c_str(),
                 static_cast<unsigned long long>(flags->bytes));
    Request train = TrainRequest{job, folder, *sha256, compute};
    const auto training = co_await time_trainer(std::move(train), folder / "train.log");
    if (training.has_error()) co_return training.error();
    if (auto shown = show_evidence(folder, job.id, std::get<Trained>(training->last)); shown.has_error())
        co_return shown;

    std::fprintf(stderr, "emeth bench: the check\n");
    Request check = CheckRequest{job,     folder / "artifact.tar",       folder / "dataset", folder / "scratch",
                                 compute, worker::evidence_file(folder), block_hash,         draws_default};
    const auto checking = co_await time_trainer(std::move(check), folder / "check.log");
    if (checking.has_error()) co_return checking.error();
    const auto& verdict = std::get<Checked>(checking->last);
    if (!verdict.passed) co_return permanent_error("honest work was rejected: " + verdict.reason);
    print({{"check_seconds", checking->seconds, "s", "training", training->seconds},
           {"check_share", 100 * checking->seconds / training->seconds, "% of training", "at most",
            share_needed_percent}},
          flags->json);
    co_return Result<void>{};
}

}  // namespace

void add_verification(CLI::App& bench, cli::Invocation& invocation) {
    auto* command = bench.add_subcommand("verification", "what the verifier's check costs beside the training");
    command->footer("Example:\n  emeth bench verification --json\n");
    auto flags = std::make_shared<VerificationFlags>();
    command->add_flag("--json", flags->json, "figures as JSON");
    command->add_option("--model", flags->model, "preset")->capture_default_str();
    command->add_option("--bytes", flags->bytes, "of English text")
        ->check(CLI::Range(4'096, 4'000'000))
        ->capture_default_str();
    command->add_option("--data", flags->data, "scratch folder; it is emptied first")
        ->capture_default_str()
        ->type_name("DIR");
    command->callback([flags, &invocation] {
        invocation.run = [flags] {
            return cli::run_task("bench verification", [flags](asio::any_io_executor) { return measure(flags); });
        };
    });
}

}  // namespace emeth::bench
