#include "trainer/train_job.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "crypto/sha256.hpp"
#include "runtime/log.hpp"
#include "trainer/artifact/artifact.hpp"
#include "trainer/checkpoints/checkpoint_writer.hpp"
#include "trainer/checkpoints/compute_log.hpp"
#include "trainer/checkpoints/segment_states.hpp"
#include "trainer/data/data_preparation.hpp"
#include "trainer/formats/training_log.hpp"
#include "trainer/model/compute.hpp"
#include "trainer/model/evaluation.hpp"
#include "trainer/team/leader_team.hpp"
#include "trainer/team/rendezvous_server.hpp"
#include "trainer/team/team.hpp"
#include "trainer/training_loop.hpp"

namespace emeth::trainer {
namespace {

using trainer_protocol::JobSpec;
using trainer_protocol::Trained;
using trainer_protocol::TrainRequest;

Manifest describe_run(const TrainRequest& request, const TrainingSetup& setup, const DatasetSize& dataset,
                      const std::vector<float>& losses, double validation_loss, std::vector<Hash256> states,
                      ComputeHistory compute) {
    return {.job = request.job.id,
            .language = request.job.language,
            .model = request.job.model,
            .epochs = request.job.epochs,
            .steps_per_epoch = setup.plan.steps_per_epoch,
            .steps = setup.plan.steps_total,
            .sequences_per_step = setup.plan.sequences_per_step,
            .dataset_sha256 = request.dataset_sha256,
            .dataset_bytes = dataset.bytes,
            .dataset_tokens = dataset.tokens,
            .epoch_losses = epoch_losses(setup.plan, losses),
            .validation_loss = validation_loss,
            .states = std::move(states),
            .compute = std::move(compute),
            .members = {}};
}

Result<Trained> trained_report(const std::filesystem::path& artifact, const Manifest& manifest) {
    const Result<Hash256> digest = crypto::sha256_of_file(artifact);
    if (digest.has_error()) return digest.error();
    return Trained{{.sha256 = *digest,
                    .bytes = std::filesystem::file_size(artifact),
                    .epochs = manifest.epochs,
                    .steps = manifest.steps,
                    .epoch_losses = manifest.epoch_losses,
                    .validation_loss = manifest.validation_loss}};
}

/// The manifest of this run's artifact, if that exists and is complete.
std::optional<Manifest> finished_artifact(const std::filesystem::path& path, const TrainRequest& request,
                                          const ArtifactTerms& terms) {
    if (!std::filesystem::exists(path)) return std::nullopt;
    Result<Artifact> artifact = read_artifact(path, terms, {request.job.epochs, terms.plan.segments});
    if (!artifact) {
        spdlog::warn("the artifact on disk cannot be used and will be made again: {}", artifact.error().message);
        return std::nullopt;
    }
    Manifest& manifest = artifact->manifest;
    const bool same = manifest.job == request.job.id && manifest.model == request.job.model &&
                      manifest.epochs == request.job.epochs && manifest.dataset_sha256 == request.dataset_sha256 &&
                      manifest.states.size() == terms.plan.segments + std::size_t{1};
    if (!same) return std::nullopt;
    return std::move(manifest);
}

/// The newest checkpoint. None when earlier states are lost: training then starts over, because the verifier may ask
/// for them.
std::optional<TrainingState> saved_state(CheckpointStore& store, const SegmentStates& states) {
    std::optional<TrainingState> saved = store.load_newest();
    if (!saved || states.complete_before(saved->step)) return saved;
    spdlog::warn("states from before the checkpoint at step {} are missing; training begins again", saved->step);
    store.discard();
    return std::nullopt;
}

/// A run goes on in the number type in which it began, whatever the settings say by now.
trainer_protocol::ComputeOptions options_of_run(const TrainRequest& request, const ComputeLog& log) {
    trainer_protocol::ComputeOptions options = request.compute;
    if (const auto precision = log.precision()) options.precision = precision_name(*precision);
    return options;
}

/// Null when helpers cannot be served, which is no reason to give up the JOB.
std::unique_ptr<RendezvousServer> open_door(const TrainRequest& request, Precision precision, Reporter& reporter) {
    if (!request.cooperation) return nullptr;
    if (!ProcessGroup::is_available()) {
        spdlog::warn("training alone: this build's libtorch came without the headers of Gloo");
        return nullptr;
    }
    auto door = RendezvousServer::open(request.cooperation->host, precision);
    if (!door) {
        spdlog::warn("training alone, because helpers cannot be let in: {}", door.error().message);
        return nullptr;
    }
    reporter.report(trainer_protocol::RendezvousOpened{(*door)->rendezvous()});
    return std::move(*door);
}

std::unique_ptr<Team> make_team(const TrainRequest& request, const TrainingSetup& setup, const Hash256& run,
                                RendezvousServer* door) {
    if (door == nullptr) return std::make_unique<Alone>();
    return std::make_unique<LeaderTeam>(*door, run, *request.cooperation, setup.compute.precision,
                                        static_cast<std::size_t>(setup.plan.sequences_per_step));
}

/// Trains to the end. The last state is durable before it returns, so a kill after that costs only the last stages.
Result<TrainingState> run_training(const TrainRequest& request, const TrainingSetup& setup,
                                   const ParameterLayout& layout, const PreparedData& data, const SegmentStates& states,
                                   ComputeLog& log, RendezvousServer* door, Reporter& reporter) {
    const Hash256 run = run_fingerprint(request.job, request.dataset_sha256, data.tokenizer_sha256, setup.plan);
    CheckpointStore store(request.folder, run, layout.count());
    std::optional<TrainingState> saved = saved_state(store, states);
    const std::uint64_t first_step = saved ? saved->step : 0;
    TrainingState state = saved ? *std::move(saved) : TrainingState::initial(layout, request.job.id);
    log.begin(record_of(setup.compute), setup.plan, first_step);
    reporter.report(trainer_protocol::Started{first_step});
    if (first_step == setup.plan.steps_total) return state;

    CheckpointWriter checkpoints(std::move(store), states, RunHistory(request.folder), log, setup.plan, reporter);
    const std::unique_ptr<Team> team = make_team(request, setup, run, door);
    if (Result<void> trained = train(setup, layout, data.tokens, state, checkpoints, *team, reporter);
        trained.has_error())
        return trained.error();
    if (Result<void> written = checkpoints.write_now(state); written.has_error()) return written.error();
    return state;
}

}  // namespace

Result<Trained> train_job(const TrainRequest& request, Reporter& reporter) {
    const Result<Preset> preset = trainer_protocol::find_preset(request.job.model);
    if (preset.has_error()) return preset.error();
    ComputeLog log(request.folder);
    const Result<Compute> compute = resolve_compute(options_of_run(request, log), *preset);
    if (compute.has_error()) return compute.error();

    // Opened first, so that helpers can prepare their data while the leader prepares its own.
    const auto door = open_door(request, compute->precision, reporter);
    const std::filesystem::path dataset = request.folder / "dataset";
    Result<PreparedData> data = prepare_data(dataset, request.dataset_sha256, request.folder, request.job.id, *preset,
                                             compute->threads, reporter);
    if (data.has_error()) return data.error();
    const Result<Plan> plan = Plan::make(*preset, data->size(), request.job.epochs);
    if (plan.has_error()) return plan.error();
    const auto tokens_per_step = static_cast<std::uint64_t>(plan->sequences_per_step * preset->context);
    reporter.report(trainer_protocol::Prepared{plan->steps_per_epoch * tokens_per_step, plan->steps_total});

    const ParameterLayout layout(*preset);
    const std::filesystem::path artifact_path = request.folder / "artifact.tar";
    const SegmentStates states(request.folder,
                               run_fingerprint(request.job, request.dataset_sha256, data->tokenizer_sha256, *plan),
                               layout.count(), *plan);
    const ArtifactTerms terms{*preset, layout, *plan, data->tokenizer_model.size()};
    if (states.complete_before(plan->steps_total)) {
        if (const std::optional<Manifest> manifest = finished_artifact(artifact_path, request, terms))
            return trained_report(artifact_path, *manifest);
    }

    const TrainingSetup setup{request.job.id,   *preset, *plan, *compute, request.compute.checkpoint_interval_ms,
                              plan->steps_total};
    Result<TrainingState> state = run_training(request, setup, layout, *data, states, log, door.get(), reporter);
    if (state.has_error()) return state.error();
    Result<std::vector<Hash256>> digests = states.digests(state->weights);
    if (digests.has_error()) return digests.error();

    trainer_protocol::Progress progress{.stage = "validation",
                                        .epoch = request.job.epochs,
                                        .step = state->step,
                                        .steps_total = plan->steps_total,
                                        .loss = static_cast<double>(state->losses.back())};
    reporter.report(progress);
    const std::vector<std::uint64_t> windows = WindowOrder(*plan, request.job.id).validation();
    const double validation_loss = mean_loss(*preset, layout, state->weights, compute->device, data->tokens, windows);
    progress.stage = "artifact";
    reporter.report(progress);
    Artifact artifact{.manifest = describe_run(request, setup, data->size(), state->losses, validation_loss,
                                               *std::move(digests), log.history()),
                      .config = model_config(*preset),
                      .tokenizer_model = data->tokenizer_model,
                      .losses = state->losses,
                      .weights = state->weights};
    const Manifest manifest = artifact.manifest;
    if (Result<void> written = write_artifact(artifact_path, terms, std::move(artifact)); written.has_error())
        return written.error();
    return trained_report(artifact_path, manifest);
}

}  // namespace emeth::trainer
