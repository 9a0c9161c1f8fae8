#include "bench/bench_verification.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
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
#include "runtime/progress_bar.hpp"
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
    std::vector<std::uint64_t> sizes_bytes{1'000'000, 10'000'000};
    std::string data = ".emeth/bench-verification";
    bool json = false;
};

struct Timed {
    TrainerReport last;
    double seconds = 0;
};

/// One stage of a trainer's work after the other.
class StageProgress {
public:
    explicit StageProgress(std::string title) : title_(std::move(title)) {}

    void show(const Progress& progress) {
        if (progress.steps_total == 0) return;
        if (!bar_ || progress.stage != stage_ || progress.steps_total != steps_total_) {
            stage_ = progress.stage;
            steps_total_ = progress.steps_total;
            bar_.emplace(title_ + ", " + stage_, steps_total_, ProgressUnit::count, system_clock());
        }
        bar_->update(progress.step);
    }

private:
    std::string title_, stage_;
    std::uint64_t steps_total_ = 0;
    std::optional<ProgressBar> bar_;
};

/// Runs the trainer until its final report.
Task<Result<Timed>> time_trainer(Request request, std::filesystem::path log, std::string title) {
    const auto began = system_clock().monotonic();
    auto child = co_await TrainerChild::start(default_trainer_program(), std::move(request), std::move(log));
    if (child.has_error()) co_return child.error();
    StageProgress shown(std::move(title));
    for (;;) {
        auto report = co_await child->next();
        if (report.has_error()) co_return report.error();
        if (const auto* failed = std::get_if<Failed>(&*report))
            co_return transient_error("emeth-trainer: " + failed->message);
        if (const auto* progress = std::get_if<Progress>(&*report)) shown.show(*progress);
        if (!std::holds_alternative<Trained>(*report) && !std::holds_alternative<Checked>(*report)) continue;
        const double seconds = static_cast<double>((system_clock().monotonic() - began).count()) / 1'000;
        co_return Timed{std::move(*report), seconds};
    }
}

/// As in the figures' names.
std::string size_name(std::uint64_t bytes) {
    return bytes % 1'000'000 == 0 ? fmt::format("{}_mb", bytes / 1'000'000) : fmt::format("{}_kb", bytes / 1'000);
}

/// Any block will do: what it draws always costs about the same.
constexpr Hash256 block_hash{{0x5e, 0xed}};

Result<void> show_evidence(const std::filesystem::path& folder, const JobSpec& job, const Trained& trained) {
    const auto segments = segment_count(job.model, trained.artifact.steps, trained.artifact.epochs);
    const auto packed = worker::pack_evidence(
        folder, block_hash, states_to_show(draw_segments(job.id, block_hash, segments, draws_default), segments));
    if (packed.has_error()) return packed.error();
    return {};
}

/// The training of `folder`/dataset, then its check.
Task<Result<std::vector<Figure>>> measure_one(std::filesystem::path folder, std::string model, std::string size) {
    if (auto made = create_folder(folder / "scratch", 0700); made.has_error()) co_return made.error();
    const auto sha256 = crypto::sha256_of_file(folder / "dataset");
    if (sha256.has_error()) co_return sha256.error();
    const JobSpec job{JobId{{0x5e, 0x1f}}, "en", 2, std::move(model)};
    ComputeOptions compute;
    compute.threads = processors();
    Request train = TrainRequest{job, folder, *sha256, compute};
    const auto training = co_await time_trainer(std::move(train), folder / "train.log", size + ", training");
    if (training.has_error()) co_return training.error();
    if (auto shown = show_evidence(folder, job, std::get<Trained>(training->last)); shown.has_error())
        co_return shown.error();

    Request check = CheckRequest{job,     folder / "artifact.tar",       folder / "dataset", folder / "scratch",
                                 compute, worker::evidence_file(folder), block_hash,         draws_default};
    const auto checking = co_await time_trainer(std::move(check), folder / "check.log", size + ", check");
    if (checking.has_error()) co_return checking.error();
    const auto& verdict = std::get<Checked>(checking->last);
    if (!verdict.passed) co_return permanent_error("honest work was rejected: " + verdict.reason);
    std::vector<Figure> figures;
    figures.push_back({"check_seconds_" + size, checking->seconds, "s", "training", training->seconds});
    figures.push_back({"check_share_" + size, 100 * checking->seconds / training->seconds, "% of training", "at most",
                       share_needed_percent});
    co_return figures;
}

Task<Result<void>> measure(std::shared_ptr<VerificationFlags> flags) {
    const auto folder = std::filesystem::absolute(flags->data);
    if (auto emptied = harness::empty_scratch_folder(folder, "bench"); emptied.has_error()) co_return emptied;
    auto sizes = flags->sizes_bytes;
    const auto texts = co_await harness::write_texts(folder, std::move(sizes));
    if (texts.has_error()) co_return texts.error();
    std::vector<Figure> figures;
    for (std::size_t i = 0; i < texts->size(); ++i) {
        const auto job_folder = folder / fmt::format("job-{}", i + 1);
        if (auto made = create_folder(job_folder, 0700); made.has_error()) co_return made;
        std::filesystem::rename((*texts)[i], job_folder / "dataset");
        auto measured = co_await measure_one(job_folder, flags->model, size_name(flags->sizes_bytes[i]));
        if (measured.has_error()) co_return measured.error();
        figures.insert(figures.end(), measured->begin(), measured->end());
    }
    print(figures, flags->json);
    co_return Result<void>{};
}

}  // namespace

void add_verification(CLI::App& bench, cli::Invocation& invocation) {
    auto* command = bench.add_subcommand("verification", "what the verifier's check costs beside the training");
    command->footer(
        "Examples:\n"
        "  emeth bench verification --json\n"
        "  emeth bench verification --bytes 100000000    (some 15 minutes)\n");
    auto flags = std::make_shared<VerificationFlags>();
    command->add_flag("--json", flags->json, "figures as JSON");
    command->add_option("--model", flags->model, "preset")->capture_default_str();
    command->add_option("--bytes", flags->sizes_bytes, "of English text, for a JOB each")
        ->check(CLI::Range(4'096, 1'000'000'000))
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
