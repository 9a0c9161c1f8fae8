#include "trainer/help_job.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "runtime/ip_address.hpp"
#include "trainer/checkpoints/segment_states.hpp"
#include "trainer/data/data_preparation.hpp"
#include "trainer/model/compute.hpp"
#include "trainer/team/helper_team.hpp"
#include "trainer/team/rendezvous_client.hpp"
#include "trainer/training_loop.hpp"

namespace emeth::trainer {
namespace {

/// Memory for the leader's state, which arrives before the first step.
TrainingState empty_state(const ParameterLayout& layout) {
    const auto zeros = [&] { return at::zeros({layout.count()}, at::kFloat); };
    return {.weights = zeros(), .first_moments = zeros(), .second_moments = zeros(), .step = 0, .losses = {}};
}

}  // namespace

Result<trainer_protocol::Helped> help_job(const trainer_protocol::HelpRequest& request, Reporter& reporter) {
    const trainer_protocol::TrainRequest& work = request.train;
    const trainer_protocol::CooperationOptions& cooperation = *work.cooperation;
    const Result<Preset> preset = trainer_protocol::find_preset(work.job.model);
    if (preset.has_error()) return preset.error();
    // A team computes in one number type, the leader's.
    trainer_protocol::ComputeOptions options = work.compute;
    if (!request.rendezvous.precision.empty()) options.precision = request.rendezvous.precision;
    const Result<Compute> compute = resolve_compute(options, *preset);
    if (compute.has_error()) return compute.error();
    Result<PreparedData> data = prepare_data(work.folder / "dataset", work.dataset_sha256, work.folder, work.job.id,
                                             *preset, compute->threads, reporter);
    if (data.has_error()) return data.error();
    const Result<Plan> plan = Plan::make(*preset, data->size(), work.job.epochs);
    if (plan.has_error()) return plan.error();
    const auto tokens_per_step = static_cast<std::uint64_t>(plan->sequences_per_step * preset->context);
    reporter.report(trainer_protocol::Prepared{plan->steps_per_epoch * tokens_per_step, plan->steps_total});

    if (!ProcessGroup::is_available())
        return transient_error("cannot help: this build's libtorch came without the headers of Gloo");
    if (is_loopback(cooperation.host) && !is_loopback(request.rendezvous.host))
        return transient_error(fmt::format("the leader at {} cannot reach this worker at {}: set cooperative_host",
                                           request.rendezvous.host, cooperation.host));
    const Hash256 run = run_fingerprint(work.job, work.dataset_sha256, data->tokenizer_sha256, *plan);
    const auto leader =
        RendezvousClient::connect(request.rendezvous, run, record_of(*compute), Milliseconds(cooperation.timeout_ms));
    if (leader.has_error()) return leader.error();
    const auto waiting = [&] { reporter.report(trainer_protocol::Progress{.stage = "waiting"}); };
    HelperTeam team(**leader, cooperation, compute->precision, static_cast<std::size_t>(plan->sequences_per_step),
                    waiting);

    const ParameterLayout layout(*preset);
    TrainingState state = empty_state(layout);
    const TrainingSetup setup{work.job.id, *preset, *plan, *compute, 0, plan->steps_total};
    KeepsNothing keeper;
    Result<void> trained = train(setup, layout, data->tokens, state, keeper, team, reporter);
    if (trained.has_error()) return trained.error();
    return trainer_protocol::Helped{state.losses.size()};
}

}  // namespace emeth::trainer
