#include "trainer/team/helper_team.hpp"

#include <fmt/format.h>

#include <utility>

#include "runtime/clock.hpp"
#include "runtime/log.hpp"

namespace emeth::trainer {

using Kind = TeamControl::Kind;

HelperTeam::HelperTeam(RendezvousClient& leader, trainer_protocol::CooperationOptions options, Precision precision,
                       std::size_t sequences_per_step, std::function<void()> waiting)
    : leader_(leader),
      options_(std::move(options)),
      sequences_(sequences_per_step),
      waiting_(std::move(waiting)),
      sum_(precision) {}

Result<bool> HelperTeam::step_begins(TrainingState& state) {
    for (;;) {
        if (!group_) {
            if (Result<void> joined = join_group(); joined.has_error()) return joined.error();
        }
        if (const std::optional<bool> changed = follow(state)) {
            computing_began_ = system_clock().monotonic();
            return *changed;
        }
        group_.reset();
    }
}

/// An Error only when the leader is gone; when a group cannot be formed, there will be another one.
Result<void> HelperTeam::join_group() {
    while (!group_) {
        const auto call = leader_.await_call(waiting_);
        if (call.has_error()) return call.error();
        auto formed = ProcessGroup::form(leader_, std::to_string(call->generation), {call->rank, call->size},
                                         options_.host, Milliseconds(options_.timeout_ms));
        if (formed)
            group_ = std::move(*formed);
        else
            spdlog::warn("{}", formed.error().message);
    }
    return {};
}

std::optional<bool> HelperTeam::follow(TrainingState& state) {
    auto told = share_control(*group_, {});
    if (!told) {
        spdlog::warn("{}", told.error().message);
        return std::nullopt;
    }
    control_ = std::move(*told);
    const bool with_state = control_.kind == Kind::step_with_state;
    const bool in_step = control_.kind == Kind::step && control_.step == state.step;
    if ((!with_state && !in_step) || control_.bounds.back() != sequences_) return std::nullopt;
    if (!with_state) return false;
    if (Result<void> shared = share_state(*group_, state); !shared) {
        spdlog::warn("{}", shared.error().message);
        return std::nullopt;
    }
    state.step = control_.step;
    return true;
}

Share HelperTeam::share(std::size_t) const {
    return control_.share(group_->place().rank);
}

void HelperTeam::gradients_ready(at::Tensor& gradients, std::int64_t first, Milliseconds computing) {
    sum_.ready(*group_, gradients, first, computing);
}

Result<bool> HelperTeam::sum(at::Tensor& gradients, double& loss_sum) {
    const auto seconds = sum_.finish(*group_, gradients, loss_sum, seconds_since(computing_began_));
    if (seconds) return true;
    spdlog::warn("{}", seconds.error().message);
    group_.reset();
    return false;
}

/// The leader computes the same sum and ends the group itself.
bool HelperTeam::leave_the_others() {
    return true;
}

std::uint32_t HelperTeam::workers() const {
    return group_ ? static_cast<std::uint32_t>(group_->place().size) : 1;
}

}  // namespace emeth::trainer
