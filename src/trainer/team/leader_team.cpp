#include "trainer/team/leader_team.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/log.hpp"

namespace emeth::trainer {
namespace {

using Kind = TeamControl::Kind;

constexpr Milliseconds look_interval{1'000};
/// A helper may still be finishing its last step.
constexpr Milliseconds ready_limit{3'000};
/// Regrouping may cost one part in this many of the training time.
constexpr int closed_times_cost = 20;
constexpr Milliseconds closed_when_useless{600'000};
/// The trial of a group that has already cost this much time ends early.
constexpr double excess_s_max = 30;
/// A helper has proved itself after this many steps.
constexpr std::uint64_t steps_to_prove = 20;
/// On different processors the weights may drift apart in their last bits, so helpers are sent the leader's again.
constexpr std::uint64_t steps_between_states = 256;
/// The first steps of a group are slow: memory is touched for the first time, the shares are guesses.
constexpr std::uint64_t trial_warm_up = 4;
constexpr double speed_memory = 0.5;

Milliseconds now() {
    return system_clock().monotonic();
}

}  // namespace

LeaderTeam::LeaderTeam(RendezvousServer& door, const Hash256& run, trainer_protocol::CooperationOptions options,
                       Precision precision, std::size_t sequences_per_step)
    : door_(door), options_(std::move(options)), sequences_(sequences_per_step), sum_(precision) {
    look_at_ = now() + Milliseconds(options_.opens_after_ms);
    door_.admit(run);
}

Result<bool> LeaderTeam::step_begins(TrainingState& state) {
    if (should_look())
        regroup(state.step);
    else
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

/// Forms a new group of all helpers that are ready, including those of the current group.
void LeaderTeam::regroup(std::uint64_t step) {
    step_began_ = now();
    leave("other helpers may join", look_interval);
    if (door_.ask(ready_limit) == 0) {
        look_at_ = now() + look_interval;
        return;
    }
    members_ = door_.call(++generation_);
    const int size = static_cast<int>(members_.size()) + 1;
    auto formed = ProcessGroup::form(door_, std::to_string(generation_), {0, size}, options_.host,
                                     Milliseconds(options_.timeout_ms));
    if (formed.has_error()) return lost(formed.error());
    group_ = std::move(*formed);
    steps_of_group_ = 0;
    speeds_.assign(static_cast<std::size_t>(size), 0);
    trial_ = {};
    spdlog::info("{} workers train together from step {} on", size, step);
}

/// Tells the helpers to wait for the next group.
void LeaderTeam::leave(const std::string& why, Milliseconds closed_for) {
    if (!group_) return;
    spdlog::info("the group of {} workers ends: {}", group_->place().size, why);
    const TeamControl goodbye{Kind::regroup, 0, std::vector<std::size_t>(speeds_.size() + 1, 0)};
    if (const auto told = share_control(*group_, goodbye); !told) spdlog::warn("{}", told.error().message);
    group_.reset();
    door_.dissolve(Milliseconds(0));
    look_at_ = now() + closed_for;
}

Result<void> LeaderTeam::tell_step(TrainingState& state) {
    const bool first = steps_of_group_ == 0;
    const bool with_state = first || state.step % steps_between_states == 0;
    control_ = {with_state ? Kind::step_with_state : Kind::step, state.step, share_out(sequences_, speeds_)};
    const auto told = share_control(*group_, control_);
    if (told.has_error()) return told.error();
    if (with_state) {
        if (Result<void> shared = share_state(*group_, state); !shared) return shared;
    }
    const Milliseconds cost = options_.trial_steps == 0 ? Milliseconds(0) : now() - step_began_;
    if (first) look_at_ = now() + std::max(look_interval, closed_times_cost * cost);
    return {};
}

Share LeaderTeam::share(std::size_t sequences) const {
    return group_ ? control_.share(0) : Share{0, sequences};
}

void LeaderTeam::gradients_ready(at::Tensor& gradients, std::int64_t first, Milliseconds computing) {
    if (group_) sum_.ready(*group_, gradients, first, computing);
}

Result<bool> LeaderTeam::sum(at::Tensor& gradients, double& loss_sum) {
    others_.clear();
    if (!group_) return true;
    const auto seconds = sum_.finish(*group_, gradients, loss_sum, seconds_since(computing_began_));
    if (!seconds) {
        lost(seconds.error());
        return false;
    }
    others_ = members_;
    learn_speeds(*seconds);
    if (++steps_of_group_ == steps_to_prove) door_.approve();
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

/// Decides whether training with the helpers is faster than alone.
void LeaderTeam::judge_trial() {
    if (options_.trial_steps == 0 || speeds_[0] == 0) return;
    const double together_s = seconds_since(step_began_);
    const double alone_s = static_cast<double>(sequences_) / speeds_[0];
    trial_.excess_s += together_s - alone_s;
    if (++trial_.steps > trial_warm_up) {
        trial_.together_s += together_s;
        trial_.alone_s += alone_s;
    }
    const bool over = trial_.steps >= trial_warm_up + options_.trial_steps;
    const bool useless = over && trial_.together_s > trial_.alone_s;
    if (useless || trial_.excess_s > excess_s_max) {
        const Milliseconds excess(static_cast<std::int64_t>(1e3 * std::max(0.0, trial_.excess_s)));
        const Milliseconds closed_for = std::max(closed_when_useless, closed_times_cost * excess);
        leave(fmt::format("a step takes {:.0f} ms together and would take {:.0f} ms alone; will retry in {} s",
                          1e3 * together_s, 1e3 * alone_s, closed_for.count() / 1'000),
              closed_for);
    }
    if (over) trial_ = {trial_warm_up, 0, 0, 0};
}

void LeaderTeam::lost(const Error& error) {
    const Milliseconds loss = std::max(Milliseconds(1), now() - step_began_);
    spdlog::warn("{}; training continues alone after {} ms", error.message, loss.count());
    group_.reset();
    door_.dissolve(loss);
    look_at_ = now() + look_interval;
}

bool LeaderTeam::leave_the_others() {
    if (!group_) return false;
    leave("the summed loss or gradient is not a finite number; training alone will show whose fault it is",
          closed_when_useless);
    return true;
}

std::uint32_t LeaderTeam::workers() const {
    return group_ ? static_cast<std::uint32_t>(group_->place().size) : 1;
}

}  // namespace emeth::trainer
