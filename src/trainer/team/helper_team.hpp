// The team of a helper: it takes over the leader's state and computes the share that the leader gives it, until the
// leader has finished or is gone.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "trainer/team/process_group.hpp"
#include "trainer/team/rendezvous_client.hpp"
#include "trainer/team/step_sum.hpp"
#include "trainer/team/team.hpp"
#include "trainer/team/team_control.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

class HelperTeam final : public Team {
public:
    /// `waiting` is called about once a second while it is in no group.
    HelperTeam(RendezvousClient& leader, trainer_protocol::CooperationOptions options, Precision precision,
               std::size_t sequences_per_step, std::function<void()> waiting);

    /// A transient Error when the leader is gone.
    Result<bool> step_begins(TrainingState& state) override;
    [[nodiscard]] Share share(std::size_t sequences) const override;
    void gradients_ready(at::Tensor& gradients, std::int64_t first, Milliseconds computing) override;
    Result<bool> sum(at::Tensor& gradients, double& loss_sum) override;
    bool leave_the_others() override;
    [[nodiscard]] std::uint32_t workers() const override;

private:
    Result<void> join_group();
    /// None when the group has ended.
    std::optional<bool> follow(TrainingState& state);

    RendezvousClient& leader_;
    trainer_protocol::CooperationOptions options_;
    std::size_t sequences_;
    std::function<void()> waiting_;
    std::unique_ptr<ProcessGroup> group_;
    StepSum sum_;  // refers to the group while a step is computed
    TeamControl control_;
    Milliseconds computing_began_{0};
};

}  // namespace emeth::trainer
