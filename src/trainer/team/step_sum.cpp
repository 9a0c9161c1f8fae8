#include "trainer/team/step_sum.hpp"

#include <ATen/ATen.h>

namespace emeth::trainer {
namespace {

/// When a batch's first gradients are complete, at least two fifths of its time have passed. So what is left of it
/// costs a fifth of the group's time-out at most.
constexpr int timeout_share = 8;

Result<std::vector<double>> share_figures(ProcessGroup& group, double& loss_sum, double seconds) {
    const auto [rank, size] = group.place();
    const at::Tensor figures = at::zeros({1 + size}, at::kDouble);
    auto* figure = figures.data_ptr<double>();
    figure[0] = loss_sum;
    figure[1 + rank] = seconds;
    if (Result<void> summed = group.all_reduce(figures); summed.has_error()) return summed.error();
    loss_sum = figure[0];
    return std::vector<double>(figure + 1, figure + 1 + size);
}

}  // namespace

void StepSum::ready(ProcessGroup& group, at::Tensor& gradients, std::int64_t first, Milliseconds computing) {
    if (!begun_ && computing > group.timeout() / timeout_share) return;
    if (!begun_) begun_.emplace(group, gradients, precision_);
    begun_->ready_from(first);
}

Result<std::vector<double>> StepSum::finish(ProcessGroup& group, at::Tensor& gradients, double& loss_sum,
                                            double seconds) {
    if (!begun_) begun_.emplace(group, gradients, precision_);
    const Result<void> summed = begun_->finish();
    begun_.reset();
    if (summed.has_error()) return summed.error();
    return share_figures(group, loss_sum, seconds);
}

}  // namespace emeth::trainer
