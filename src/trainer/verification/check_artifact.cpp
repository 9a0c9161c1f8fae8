#include "trainer/verification/check_artifact.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "crypto/sha256.hpp"
#include "trainer/artifact/artifact.hpp"
#include "trainer/checkpoints/segment_states.hpp"
#include "trainer/data/data_preparation.hpp"
#include "trainer/formats/training_log.hpp"
#include "trainer/model/compute.hpp"
#include "trainer/model/evaluation.hpp"
#include "trainer/verification/check_record.hpp"
#include "trainer/verification/check_segments.hpp"
#include "trainer_protocol/network_rules.hpp"
#include "trainer_protocol/segments.hpp"

namespace emeth::trainer {
namespace {

using trainer_protocol::Checked;
using trainer_protocol::CheckRequest;

/// Relative, as relative_to_loss() has it. The same weights give the same loss within this on other CPUs, BLAS builds
/// and thread counts.
constexpr double validation_tolerance = 1e-3;
constexpr double epoch_loss_tolerance = 1e-6;

Checked rejected(std::string reason) {
    return Checked{.passed = false, .reason = std::move(reason)};
}

Objection object_to_origin(const Manifest& manifest, const CheckRequest& request, const Hash256& dataset_sha256) {
    const trainer_protocol::JobSpec& job = request.job;
    if (manifest.job != job.id)
        return fmt::format("it was made for JOB {}, not for {}", manifest.job.hex(), job.id.hex());
    if (manifest.model != job.model)
        return fmt::format("its model is '{}'; the JOB asks for '{}'", manifest.model, job.model);
    if (manifest.language != job.language)
        return fmt::format("its language is '{}'; the JOB asks for '{}'", manifest.language, job.language);
    if (manifest.dataset_sha256 != dataset_sha256 ||
        manifest.dataset_bytes != std::filesystem::file_size(request.dataset))
        return fmt::format("it was trained on dataset {}; the JOB's is {}", manifest.dataset_sha256.hex(),
                           dataset_sha256.hex());
    if (manifest.epochs < job.epochs)
        return fmt::format("it was trained for {} epochs; the JOB asks for {}", manifest.epochs, job.epochs);
    return std::nullopt;
}

Objection object_to_counts(const Manifest& manifest, const Plan& plan, const TokenFile& tokens) {
    if (manifest.dataset_tokens != tokens.count())
        return fmt::format("it counts {} tokens in the dataset; there are {}", manifest.dataset_tokens, tokens.count());
    if (manifest.steps_per_epoch != plan.steps_per_epoch || manifest.steps != plan.steps_total ||
        manifest.sequences_per_step != plan.sequences_per_step)
        return fmt::format("it claims {} steps, {} an epoch; dataset and model give {} and {}", manifest.steps,
                           manifest.steps_per_epoch, plan.steps_total, plan.steps_per_epoch);
    if (manifest.states.size() != plan.segments + std::size_t{1})
        return fmt::format("it lists {} states; a run of {} segments has {}", manifest.states.size(), plan.segments,
                           plan.segments + 1);
    return std::nullopt;
}

Objection object_to_epoch_losses(const Artifact& artifact, const Plan& plan) {
    const std::vector<double> means = epoch_losses(plan, artifact.losses);
    const std::vector<double>& claimed = artifact.manifest.epoch_losses;
    if (std::equal(means.begin(), means.end(), claimed.begin(), claimed.end(),
                   [](double a, double b) { return std::abs(a - b) <= epoch_loss_tolerance; }))
        return std::nullopt;
    return "the epoch losses in manifest.json are not those of training_log.jsonl";
}

Objection object_to_content(const Artifact& artifact, const Preset& preset, const Plan& plan, const PreparedData& data,
                            const SegmentStates& states) {
    if (artifact.config != model_config(preset)) return "config.json is not that of the model";
    if (artifact.tokenizer_model != data.tokenizer_model)
        return "tokenizer.model is not the one that JOB and dataset give";
    if (Objection objection = object_to_epoch_losses(artifact, plan)) return objection;
    if (!at::isfinite(artifact.weights).all().item<bool>()) return "some weights are not finite numbers";
    // The drawn segments are compared with a chain of states, whose last link is the weights themselves.
    if (artifact.manifest.states.back() != states.last_digest(artifact.weights))
        return "the weights in model.safetensors are not the last state in manifest.json";
    return std::nullopt;
}

/// The loss follows from the weights and the run, both of which the digest of the last state covers, and from the way
/// in which it is computed.
double validation_loss(const CheckedRun& run) {
    const Hash256 identity =
        crypto::sha256(fmt::format("validation/1/{}/{}", run.manifest.states.back().hex(), way_of(run.compute)));
    if (const std::optional<double> known = run.record.validation_loss(identity)) return *known;
    const double loss = mean_loss(run.preset, run.layout, run.weights, run.compute.device, run.tokens,
                                  WindowOrder(run.plan, run.request.job.id).validation());
    run.record.add_validation_loss(identity, loss);
    return loss;
}

/// Recomputes the validation loss. Whether it is good is not asked: many epochs on few data spoil it, which is honest,
/// and that the model was trained is shown by the segments.
Checked check_loss(const CheckedRun& run, double claimed) {
    Checked checked;
    checked.claimed_validation_loss = claimed;
    const double loss = validation_loss(run);
    if (!std::isfinite(loss)) return rejected("the validation loss of the weights is not a finite number");
    checked.recomputed_validation_loss = loss;
    checked.passed = relative_to_loss(loss - checked.claimed_validation_loss, loss) <= validation_tolerance;
    if (!checked.passed)
        checked.reason = fmt::format("it claims a validation loss of {:.6f}; its weights give {:.6f}",
                                     checked.claimed_validation_loss, loss);
    return checked;
}

ManifestBounds bounds_of(const CheckRequest& request, const Preset& preset) {
    const std::uint32_t epochs = trainer_protocol::epochs_accepted_for(request.job.epochs);
    const std::uint64_t dataset_bytes = std::filesystem::file_size(request.dataset);
    return {epochs, trainer_protocol::segment_count_max(preset, dataset_bytes, epochs)};
}

/// The run that the states claim to belong to: it has as many epochs as the manifest says.
Hash256 run_of(const CheckRequest& request, const Manifest& manifest, const Hash256& dataset_sha256,
               const Hash256& tokenizer_sha256, const Plan& plan) {
    trainer_protocol::JobSpec job = request.job;
    job.epochs = manifest.epochs;
    return run_fingerprint(job, dataset_sha256, tokenizer_sha256, plan);
}

/// A permanent Error of the artifact's reader is an objection to the artifact; any other is this machine's problem.
template <class T>
Result<Checked> answer_to(const Result<T>& failure) {
    if (failure.error().kind == ErrorKind::permanent) return rejected(failure.error().message);
    return failure.error();
}

}  // namespace

Result<Checked> check_artifact(const CheckRequest& request, Reporter& reporter) {
    const Result<Preset> preset = trainer_protocol::find_preset(request.job.model);
    if (preset.has_error()) return preset.error();
    const Result<Compute> compute = resolve_compute(request.compute, *preset);
    if (compute.has_error()) return compute.error();
    if (!std::filesystem::is_regular_file(request.artifact))
        return permanent_error("there is no artifact at " + request.artifact.string());
    const Result<Hash256> dataset_sha256 = crypto::sha256_of_file(request.dataset);
    if (dataset_sha256.has_error()) return dataset_sha256.error();

    // Cheap checks come first: nothing large is read before they have passed.
    reporter.report(trainer_protocol::Progress{.stage = "check"});
    const ManifestBounds bounds = bounds_of(request, *preset);
    const Result<Manifest> manifest = read_artifact_manifest(request.artifact, bounds);
    if (!manifest) return answer_to(manifest);
    if (Objection objection = object_to_origin(*manifest, request, *dataset_sha256))
        return rejected(*std::move(objection));

    const Result<PreparedData> data = prepare_data(request.dataset, *dataset_sha256, request.folder, request.job.id,
                                                   *preset, compute->threads, reporter);
    if (data.has_error()) return data.error();
    const Result<Plan> plan = Plan::make(*preset, data->size(), manifest->epochs);
    if (plan.has_error()) return plan.error();
    if (Objection objection = object_to_counts(*manifest, *plan, data->tokens)) return rejected(*std::move(objection));

    const ParameterLayout layout(*preset);
    const SegmentStates states(request.folder,
                               run_of(request, *manifest, *dataset_sha256, data->tokenizer_sha256, *plan),
                               layout.count(), *plan);
    const ArtifactTerms terms{*preset, layout, *plan, data->tokenizer_model.size()};
    const Result<Artifact> artifact = read_artifact(request.artifact, terms, bounds);
    if (!artifact) return answer_to(artifact);
    if (Objection objection = object_to_content(*artifact, *preset, *plan, *data, states))
        return rejected(*std::move(objection));
    reporter.report(trainer_protocol::Progress{.stage = "validation", .epoch = manifest->epochs});
    CheckRecord record = CheckRecord::load(request.folder);
    const CheckedRun run{request,          *preset,           *plan,  *compute,
                         layout,           data->tokens,      states, artifact->manifest,
                         artifact->losses, artifact->weights, record};
    Checked checked = check_loss(run, artifact->manifest.validation_loss);
    if (!checked.passed) return checked;

    Result<Objection> objection = object_to_segments(run, checked.worst, reporter);
    if (objection.has_error()) return objection.error();
    checked.reason = std::move(*objection).value_or("");
    checked.passed = checked.reason.empty();
    return checked;
}

}  // namespace emeth::trainer
