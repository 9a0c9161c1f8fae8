#include "trainer/team/gradient_sum.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace emeth::trainer {
namespace {

/// Small enough to begin early and to keep the line busy, and large enough that its latency does not count. All members
/// cut alike.
constexpr std::int64_t elements_of_slice = 1 << 20;

}  // namespace

GradientSum::GradientSum(ProcessGroup& group, at::Tensor gradients, Precision precision)
    : group_(group),
      gradients_(std::move(gradients)),
      here_(gradients_.cpu()),  // themselves, unless they are on a GPU
      precision_(precision),
      ready_from_(here_.numel()),
      thread_([this] { run(); }) {}

GradientSum::~GradientSum() {
    if (!thread_.joinable()) return;
    {
        const std::scoped_lock lock(mutex_);
        is_abandoned_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void GradientSum::ready_from(std::int64_t first) {
    {
        const std::scoped_lock lock(mutex_);
        ready_from_ = std::min(ready_from_, first);
        if (ready_from_ == 0 && !end_) end_ = system_clock().monotonic() + 2 * group_.timeout();
    }
    changed_.notify_all();
}

Result<void> GradientSum::finish() {
    ready_from(0);
    thread_.join();
    if (result_ && !gradients_.is_cpu()) gradients_.copy_(here_);
    return std::move(result_);
}

void GradientSum::run() {
    for (std::int64_t end = here_.numel(); end > 0;) {
        const std::int64_t first = (end - 1) / elements_of_slice * elements_of_slice;
        if (!wait_for(first)) return;
        result_ = sum(first, end);
        if (!result_) return;
        end = first;
    }
}

/// False when nobody will ask for the sum.
bool GradientSum::wait_for(std::int64_t first) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_abandoned_ || ready_from_ <= first; });
    return !is_abandoned_;
}

Result<void> GradientSum::sum(std::int64_t first, std::int64_t end) {
    {
        const std::scoped_lock lock(mutex_);
        // Gloo's time-out is per piece: a connection that trickles would block forever.
        if (end_ && system_clock().monotonic() > *end_)
            return transient_error(fmt::format("summing the gradients with the other workers took longer than {} ms",
                                               2 * group_.timeout().count()));
    }
    const at::Tensor slice = here_.narrow(0, first, end - first);
    return precision_ == Precision::bf16 ? group_.all_reduce_rounded(slice) : group_.all_reduce(slice);
}

}  // namespace emeth::trainer
