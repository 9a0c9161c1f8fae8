#include "network/verifier/job_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <variant>

#include "chain/gas.hpp"
#include "http/file_pieces.hpp"
#include "network/verifier/job_folder.hpp"
#include "network/verifier/kept_file.hpp"
#include "runtime/durable_file.hpp"
#include "runtime/failpoint.hpp"
#include "runtime/log.hpp"
#include "runtime/subject_log.hpp"
#include "runtime/utf8.hpp"
#include "runtime/with_timeout.hpp"
#include "trainer_protocol/job_param.hpp"
#include "trainer_protocol/presets.hpp"
#include "trainer_protocol/segments.hpp"
#include "trainer_protocol/trainer_child.hpp"

namespace emeth::network {

namespace {

constexpr std::size_t shown_bytes_max = 80;
constexpr Milliseconds download_idle_timeout{60'000};
/// Between the Storage API and the chain's blocks; signatures forgive 2 s.
constexpr std::int64_t clock_difference_max_s = 5;
/// A byte may be damaged on its way: another content is no verdict before it came twice.
constexpr int fetches_max = 2;
/// A child that has reported nothing for this long counts as hung.
constexpr Milliseconds child_silence_max{600'000};

void ignore_progress(std::uint64_t) {}

/// The digest of what came.
Task<Result<Hash256>> fetch(BlockingPool& pool, std::string url_text, std::filesystem::path file, std::uint64_t bytes) {
    const auto url = http::Url::parse(url_text);
    if (url.has_error()) co_return url.error();
    std::function<void(std::uint64_t)> progress = ignore_progress;
    auto downloaded =
        co_await http::download_file(pool, *url, std::move(file), bytes, download_idle_timeout, std::move(progress));
    if (downloaded.has_error()) co_return downloaded.error();
    co_return downloaded->sha256;
}

/// The digest of `file`, which is then a copy of `source`: kept from an earlier try, or fetched now.
Task<Result<Hash256>> obtain(BlockingPool& pool, std::string url_text, Source source, std::filesystem::path file) {
    const std::optional<Hash256> kept = co_await find_kept(pool, file, source);
    if (kept) {
        spdlog::info("verifier: {} is kept from an earlier check", file.string());
        co_return *kept;
    }
    const auto sha256 = co_await fetch(pool, std::move(url_text), file, source.bytes);
    if (sha256.has_error()) co_return sha256.error();
    if (auto recorded = keep(file, source, *sha256); recorded.has_error()) co_return recorded.error();
    co_return *sha256;
}

Task<Result<Hash256>> obtain_dataset(api_client::StorageApiClient& storage, BlockingPool& pool, JobId id, Source source,
                                     std::filesystem::path file) {
    auto url = co_await storage.dataset_url(id);
    if (url.has_error()) co_return in_context("dataset URL", url.error());
    co_return co_await obtain(pool, std::move(*url), std::move(source), std::move(file));
}

/// What the submit bound the node to.
struct Commitment {
    std::optional<Hash256> sha256;  ///< in the result's name; none: a client without our extension chose the name
    std::int64_t submitted_at_unix_s = 0;
};

/// Something that the node delivered, and the size up to which it is accepted.
struct Delivery {
    std::string_view name;  ///< "artifact"
    std::string extension;
    std::string object;  ///< which of that name: another one is fetched again
    std::uint64_t bytes_max = 0;
    std::optional<Commitment> commitment{};  ///< none for evidence, which the artifact's manifest binds
};

Verdict final_objection(std::string reason) {
    return Verdict{false, std::move(reason), 0};
}

/// Of a result whose name commits to nothing: what was stored before the submit counts, since later the node may have
/// known what is drawn. The clocks are two machines'; a node that would use the difference must also beat the Storage
/// API's own refusal to complete anything once it sees the submit.
Result<std::optional<Verdict>> object_to_time(const Commitment& commitment,
                                              std::optional<std::int64_t> stored_at_unix_s) {
    if (commitment.sha256) return std::optional<Verdict>();
    if (!stored_at_unix_s) return transient_error("the Storage API does not say since when it has the artifact");
    const std::int64_t late_s = *stored_at_unix_s - commitment.submitted_at_unix_s;
    if (late_s <= clock_difference_max_s) return std::optional<Verdict>();
    return std::optional(
        final_objection(fmt::format("the artifact was stored {} s after the submit, which names no sha256", late_s)));
}

std::optional<Verdict> object_to_digest(const Commitment& commitment, const Hash256& sha256) {
    if (!commitment.sha256 || sha256 == *commitment.sha256) return std::nullopt;
    return final_objection(
        fmt::format("the artifact has sha256 {}; what was submitted names {}", sha256.hex(), commitment.sha256->hex()));
}

/// A file that is missing, absurdly large or another than was submitted is the node's fault: a verdict, not an error.
Task<Result<std::optional<Verdict>>> fetch_delivery(api_client::StorageApiClient& storage, BlockingPool& pool, JobId id,
                                                    Delivery delivery, std::filesystem::path file) {
    auto location = co_await storage.result_url(id, delivery.extension);
    if (location.has_error()) co_return in_context(fmt::format("{} URL", delivery.name), location.error());
    if (!*location)
        co_return Verdict{false, fmt::format("there is no {} of it in the Storage API", delivery.name), 0, true};
    if ((*location)->bytes > delivery.bytes_max)
        co_return Verdict{false,
                          fmt::format("the {} has {} bytes, at most {} are taken", delivery.name, (*location)->bytes,
                                      delivery.bytes_max),
                          0};
    const Commitment commitment = delivery.commitment.value_or(Commitment{});
    if (delivery.commitment) {
        auto untimely = object_to_time(commitment, (*location)->stored_at_unix_s);
        if (untimely.has_error() || *untimely) co_return untimely;
    }
    const Source source{fmt::format("{}/{}", delivery.name, delivery.object), (*location)->bytes,
                        (*location)->stored_at_unix_s};
    std::optional<Verdict> objection;
    for (int fetches = 0; fetches == 0 || (objection && fetches < fetches_max); ++fetches) {
        if (objection) forget(file);
        const auto sha256 = co_await obtain(pool, (*location)->url, source, file);
        if (sha256.has_error()) co_return sha256.error();
        objection = object_to_digest(commitment, *sha256);
    }
    if (delivery.commitment && !objection)
        log_of(id).info("verifier: {}", commitment.sha256
                                            ? "the artifact has the sha256 that the submit names"
                                            : "the submit names no sha256; the artifact was stored before it");
    co_return objection;
}

/// An upper bound for the states of one draw; the trainer checks the exact size.
std::uint64_t evidence_bytes_max(const trainer_protocol::JobSpec& spec, std::uint32_t draws) {
    const std::uint64_t states = 2 * (std::uint64_t{draws} + 1);
    return trainer_protocol::evidence_header_bytes + states * trainer_protocol::state_bytes(spec.model).value_or(0);
}

/// A reorganisation may have changed the draw since the evidence was packed; the node then delivers new evidence.
std::optional<Verdict> object_to_draw(const std::filesystem::path& evidence, const Hash256& block_hash) {
    const auto expected = trainer_protocol::evidence_header(block_hash);
    std::string header(expected.size(), '\0');
    const auto file = http::InputFile::open(evidence);
    const bool fits = file.has_value() && file->read_at(0, header).has_value() &&
                      std::equal(expected.begin(), expected.end(), header.begin(),
                                 [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); });
    if (fits) return std::nullopt;
    return Verdict{false, "the evidence in the Storage API is not for the draw of the block that holds the submit", 0,
                   true};
}

Task<Result<std::optional<Verdict>>> fetch_deliveries(api_client::StorageApiClient& storage, BlockingPool& pool,
                                                      trainer_protocol::CheckRequest request, std::string result,
                                                      Commitment commitment) {
    const JobId id = request.job.id;
    const Delivery evidence{"evidence", std::string(api_client::evidence_extension), request.block_hash.hex(),
                            evidence_bytes_max(request.job, request.draws)};
    const Delivery artifact{"artifact", std::string(api_client::result_extension), std::move(result),
                            artifact_bytes_max, commitment};
    auto early = co_await fetch_delivery(storage, pool, id, evidence, request.evidence);
    if (early.has_error() || *early) co_return early;
    if (auto objection = object_to_draw(request.evidence, request.block_hash)) {
        forget(request.evidence);
        co_return objection;
    }
    co_return co_await fetch_delivery(storage, pool, id, artifact, request.artifact);
}

Task<Result<trainer_protocol::Checked>> run_check(VerifierOptions options, trainer_protocol::CheckRequest request,
                                                  std::filesystem::path log) {
    trainer_protocol::Request message = std::move(request);
    failpoint::before("start", "check");
    auto child =
        co_await trainer_protocol::TrainerChild::start(options.trainer_program, std::move(message), std::move(log));
    failpoint::after("start", "check");
    if (child.has_error()) co_return child.error();
    for (;;) {
        Task<Result<trainer_protocol::TrainerReport>> next = child->next();
        auto report = co_await with_timeout(std::move(next), child_silence_max, "the check's next report");
        if (report.has_error()) co_return report.error();
        if (auto* checked = std::get_if<trainer_protocol::Checked>(&*report)) co_return std::move(*checked);
        if (auto* failed = std::get_if<trainer_protocol::Failed>(&*report))
            co_return transient_error("emeth-trainer: " + failed->message);
    }
}

/// Floating-point operations a second of a slow machine; see CheckCost.
constexpr double reference_speed = 5e10;
/// Of the training, what a check repeats; of a state's bytes, what it holds at once; and what it needs besides.
constexpr double checked_share = 0.12;
constexpr std::uint64_t states_held = 8, other_memory_bytes = std::uint64_t{512} << 20;
constexpr double duration_max_ms = 30.0 * 86'400'000;

CheckCost cost_of(const trainer_protocol::JobSpec& spec, const trainer_protocol::Preset& preset, std::uint64_t bytes) {
    const double tokens = static_cast<double>(bytes) / preset.bytes_per_token * spec.epochs;
    const double ms = 1'000 * checked_share * tokens * preset.flops_per_token() / reference_speed;
    return {Milliseconds(static_cast<std::int64_t>(std::min(ms, duration_max_ms))),
            states_held * preset.state_bytes() + other_memory_bytes};
}

}  // namespace

Task<CheckCost> estimate_check(chain::Chain& chain, api_client::StorageApiClient& storage, VerifierOptions options,
                               JobId id) {
    const auto details = co_await chain.job_details(id);
    if (details.has_error()) co_return CheckCost{};
    const auto spec = trainer_protocol::parse_job_param(id, details->param, options.rules);
    if (spec.has_error()) co_return CheckCost{};
    const auto preset = trainer_protocol::find_preset(spec->model);
    const auto bytes = co_await storage.dataset_bytes(details->dataset);
    if (preset.has_error() || bytes.has_error()) co_return CheckCost{};
    co_return cost_of(*spec, *preset, *bytes);
}

Task<Result<Verdict>> check_job(chain::Chain& chain, api_client::StorageApiClient& storage, BlockingPool& pool,
                                VerifierOptions options, JobId id, SubmitBlock submit) {
    const auto details = co_await chain.job_details(id);
    if (details.has_error()) co_return details.error();
    // An endpoint that is a few blocks behind shows none yet.
    if (details->result.empty()) co_return Verdict{false, "the chain shows no result of it", 0, true};
    if (!api_client::is_result_name(details->result, id, api_client::result_extension))
        co_return final_objection(fmt::format(
            "what was submitted, '{}', names no artifact of this JOB: expected <JOB id>-<sha256>.tar, a tar "
            "as docs/PROTOCOL.md has it",
            one_line(details->result, shown_bytes_max)));
    const Commitment commitment{api_client::digest_in(details->result, id, api_client::result_extension),
                                submit.timestamp_unix_s};
    const auto bytes = co_await storage.dataset_bytes(details->dataset);
    if (bytes.has_error()) co_return in_context("dataset size", bytes.error());
    if (*bytes > api_client::dataset_bytes_max)
        co_return transient_error(
            fmt::format("the dataset has {} bytes, at most {} are taken", *bytes, api_client::dataset_bytes_max));
    const auto gas = co_await chain::dataset_gas(chain, *bytes);
    if (gas.has_error()) co_return gas.error();

    auto spec = trainer_protocol::parse_job_param(id, details->param, options.rules);
    if (spec.has_error()) co_return Verdict{false, "param cannot be trained: " + spec.error().message, 0};

    const auto folder = job_folder(options.folder, id);
    if (auto made = create_folder(folder / "scratch", 0700); made.has_error()) co_return made.error();
    trainer_protocol::CheckRequest request;
    request.job = std::move(*spec);
    request.artifact = folder / "artifact.tar";
    request.dataset = folder / "dataset";
    request.folder = folder / "scratch";
    request.compute.threads = options.threads;
    request.evidence = folder / "evidence";
    request.block_hash = submit.hash;
    request.draws = options.rules.draws;
    auto early = co_await fetch_deliveries(storage, pool, request, details->result, commitment);
    if (early.has_error()) co_return early.error();
    if (early->has_value()) co_return std::move(**early);
    const Source source{"dataset/" + details->dataset, *bytes};
    const auto dataset = co_await obtain_dataset(storage, pool, id, source, request.dataset);
    if (dataset.has_error()) co_return dataset.error();

    const auto checked = co_await run_check(options, std::move(request), folder / "trainer.log");
    if (checked.has_error()) co_return checked.error();
    log_of(id).info("verifier: validation loss claimed {:.4f}, computed again {:.4f}", checked->claimed_validation_loss,
                    checked->recomputed_validation_loss);
    co_return Verdict{checked->passed, checked->reason, *gas};
}

}  // namespace emeth::network
