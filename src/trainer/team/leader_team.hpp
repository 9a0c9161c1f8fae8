// The team of the trainer that holds the JOB's state. Helpers come and go; a step that fails because of one of them is
// retried, so that losing a helper costs seconds and no state.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/clock.hpp"
#include "trainer/team/process_group.hpp"
#include "trainer/team/rendezvous_server.hpp"
#include "trainer/team/step_sum.hpp"
#include "trainer/team/team.hpp"
#include "trainer/team/team_control.hpp"
#include "trainer_protocol/messages.hpp"

namespace emeth::trainer {

/// Sequences are shared out by the measured speed of each. Helpers that do not make a step faster are sent back to
/// wait: the network between them may be too slow.
class LeaderTeam final : public Team {
public:
    /// From now on, `door` admits helpers of `run` (run_fingerprint()).
    LeaderTeam(RendezvousServer& door, const Hash256& run, trainer_protocol::CooperationOptions options,
               Precision precision, std::size_t sequences_per_step);

    Result<bool> step_begins(TrainingState& state) override;
    [[nodiscard]] Share share(std::size_t sequences) const override;
    void gradients_ready(at::Tensor& gradients, std::int64_t first, Milliseconds computing) override;
    Result<bool> sum(at::Tensor& gradients, double& loss_sum) override;
    bool leave_the_others() override;
    [[nodiscard]] std::span<const ComputeRecord> others() const override { return others_; }
    [[nodiscard]] std::uint32_t workers() const override;

private:
    /// How long steps took, together and (as it would have been) alone.
    struct Trial {
        std::uint64_t steps = 0;
        double together_s = 0, alone_s = 0;  ///< without the first
        double excess_s = 0;                 ///< of all of them
    };

    [[nodiscard]] bool should_look() const;
    void regroup(std::uint64_t step);
    void leave(const std::string& why, Milliseconds closed_for);
    Result<void> tell_step(TrainingState& state);
    void learn_speeds(const std::vector<double>& seconds);
    void judge_trial();
    void lost(const Error& error);

    RendezvousServer& door_;
    trainer_protocol::CooperationOptions options_;
    std::size_t sequences_;
    std::unique_ptr<ProcessGroup> group_;  // none: alone
    StepSum sum_;                          // refers to the group while a step is computed
    std::vector<ComputeRecord> members_;   // of the group, without this one
    std::vector<ComputeRecord> others_;    // of the last step
    std::uint64_t generation_ = 0;
    std::uint64_t steps_of_group_ = 0;
    TeamControl control_;         // of the current step
    std::vector<double> speeds_;  // by rank, in sequences a second; 0: not known yet
    Trial trial_;
    Milliseconds step_began_{0}, computing_began_{0};
    Milliseconds look_at_{0};  // when to check for waiting helpers again
};

}  // namespace emeth::trainer
