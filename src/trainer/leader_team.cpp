#include "trainer/leader_team.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/log.hpp"

namespace emeth::trainer {
namespace {

using Kind = TeamControl::Kind;

constexpr Milliseconds look_interval{1'000};
/// A helper may still be at the end of its last step.
constexpr Milliseconds ready_limit{3'000};
/// After a loss the door stays shut for so many times what was lost: helpers that fail again and again cost one in 21.
constexpr int closed_times_loss = 20;
constexpr Milliseconds closed_when_useless{600'000};
/// Ranks' weights may drift apart in their last bits where processors differ: they get the leader's again.
constexpr std::uint64_t steps_between_states = 256;
/// The first steps of a group are slow: memory is touched for the first time, shares are guesses.
constexpr std::uint64_t trial_warm_up = 4;
constexpr double speed_memory = 0.5;

Milliseconds now() {
    return system_clock().monotonic();
}

double seconds_since(Milliseconds start) {
    return std::chrono::duration<double>(now() - start).count();
}

}  // namespace

LeaderTeam::LeaderTeam(RendezvousServer& door, const Hash256& run, trainer_protocol::CooperationOptions options,
                       std::size_t sequences_per_step)
    : door_(door), options_(std::move(options)), sequences_(sequences_per_step) {
    door_.admit(run);
}

Result<bool> LeaderTeam::step_begins(TrainingState& state) {
    if (should_look()) regroup(state.step);
    step_began_ = now();
    if (group_) {
        if (Result<void> told = tell_step(state); !told) lost(told.error());
    }
    computing_began_ = now();
    return false;
}

bool LeaderTeam::should_look() const {
    return now() >= look_at_ && door_.anybody_waits();
}

/// With all who are ready, the present helpers among them.
void LeaderTeam::regroup(std::uint64_t step) {
    const Milliseconds start = now();
    look_at_ = start + look_interval;
    leave("others are let in", look_interval);
    if (door_.ask(ready_limit) == 0) return;
    const int size = door_.call(++generation_);
    auto formed = ProcessGroup::form(door_, std::to_string(generation_), {0, size}, options_.host,
                                     Milliseconds(options_.timeout_ms));
    step_began_ = start;
    if (!formed) return lost(formed.error());
    group_ = std::move(*formed);
    state_is_due_ = true;
    speeds_.assign(static_cast<std::size_t>(size), 0);
    trial_ = {};
    spdlog::info("{} workers train together from step {} on", size, step);
}

/// Tells the helpers to wait for another group.
void LeaderTeam::leave(const std::string& why, Milliseconds closed_for) {
    if (!group_) return;
    spdlog::info("the group of {} workers ends: {}", group_->place().size, why);
    const TeamControl goodbye{Kind::regroup, 0, std::vector<std::size_t>(speeds_.size() + 1, 0)};
    if (const auto told = share_control(*group_, goodbye); !told) spdlog::warn("{}", told.error().message);
    group_.reset();
    door_.dissolve();
    look_at_ = now() + closed_for;
}

Result<void> LeaderTeam::tell_step(TrainingState& state) {
    const bool with_state = state_is_due_ || state.step % steps_between_states == 0;
    control_ = {with_state ? Kind::step_with_state : Kind::step, state.step, share_out(sequences_, speeds_)};
    const auto told = share_control(*group_, control_);
    if (!told) return told.error();
    if (with_state) {
        if (Result<void> shared = share_state(*group_, state); !shared) return shared;
    }
    state_is_due_ = false;
    return {};
}

Share LeaderTeam::share(std::size_t sequences) const {
    return group_ ? control_.share(0) : Share{0, sequences};
}

Result<bool> LeaderTeam::sum(at::Tensor& gradients, double& loss_sum) {
    if (!group_) return true;
    const auto seconds = sum_up(*group_, gradients, loss_sum, seconds_since(computing_began_));
    if (!seconds) {
        lost(seconds.error());
        return false;
    }
    learn_speeds(*seconds);
    judge_trial();
    return true;
}

void LeaderTeam::learn_speeds(const std::vector<double>& seconds) {
    for (std::size_t rank = 0; rank < speeds_.size(); ++rank) {
        const Share share = control_.share(static_cast<int>(rank));
        if (share.begin == share.end || seconds[rank] <= 0) continue;
        const double speed = static_cast<double>(share.end - share.begin) / seconds[rank];
        speeds_[rank] = speeds_[rank] == 0 ? speed : speed_memory * speeds_[rank] + (1 - speed_memory) * speed;
    }
}

/// Whether the helpers are worth their waiting.
void LeaderTeam::judge_trial() {
    if (options_.trial_steps == 0 || ++trial_.steps <= trial_warm_up || speeds_[0] == 0) return;
    trial_.together_s += seconds_since(step_began_);
    trial_.alone_s += static_cast<double>(sequences_) / speeds_[0];
    if (trial_.steps < trial_warm_up + options_.trial_steps) return;
    if (trial_.together_s > trial_.alone_s)
        leave(fmt::format("a step took {:.0f} ms together and would take {:.0f} ms alone; trying again in {} s",
                          1e3 * trial_.together_s / options_.trial_steps,
                          1e3 * trial_.alone_s / options_.trial_steps,
                          closed_when_useless.count() / 1'000),
              closed_when_useless);
    trial_ = {trial_warm_up, 0, 0};
}

void LeaderTeam::lost(const Error& error) {
    const Milliseconds loss = now() - step_began_;
    spdlog::warn("{}; going on alone after {} ms", error.message, loss.count());
    group_.reset();
    door_.dissolve();
    look_at_ = now() + std::max(look_interval, closed_times_loss * loss);
}

std::uint32_t LeaderTeam::workers() const {
    return group_ ? static_cast<std::uint32_t>(group_->place().size) : 1;
}

}  // namespace emeth::trainer
