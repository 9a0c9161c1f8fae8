#include "trainer/team/gradient_sum.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

namespace emeth::trainer {
namespace {

/// Small enough to begin early and to keep the line busy, and large enough that its latency does not count. All members
/// cut alike.
constexpr std::int64_t elements_of_slice = 1 << 20;

Result<void> finish_first(std::deque<std::unique_ptr<ProcessGroup::Sum>>& begun) {
    const std::unique_ptr<ProcessGroup::Sum> first = std::move(begun.front());
    begun.pop_front();
    return first->finish();
}

}  // namespace

GradientSum::GradientSum(ProcessGroup& group, at::Tensor gradients, Precision precision)
    : group_(group),
      gradients_(std::move(gradients)),
      here_(gradients_.cpu()),  // themselves, unless they are on a GPU
      precision_(precision),
      ready_from_(here_.numel()),
      thread_([this] { result_ = sum_slices(); }) {}

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

/// Two slices are under way at once, so that the line does not wait for a processor.
Result<void> GradientSum::sum_slices() {
    std::deque<std::unique_ptr<ProcessGroup::Sum>> begun;
    for (std::int64_t end = here_.numel(), first = 0; end > 0; end = first) {
        first = (end - 1) / elements_of_slice * elements_of_slice;
        if (!wait_for(first)) return {};
        if (Result<void> early = in_time(); early.has_error()) return early;
        auto next = group_.begin_sum(here_.narrow(0, first, end - first), precision_);
        if (next.has_error()) return next.error();
        begun.push_back(std::move(*next));
        if (begun.size() > 1) {
            if (Result<void> done = begun[begun.size() - 2]->go_on(); done.has_error()) return done;
        }
        if (begun.size() > 2) {
            if (Result<void> done = finish_first(begun); done.has_error()) return done;
        }
    }
    if (!begun.empty()) {
        if (Result<void> done = begun.back()->go_on(); done.has_error()) return done;
    }
    while (!begun.empty()) {
        if (Result<void> done = finish_first(begun); done.has_error()) return done;
    }
    return {};
}

/// False when nobody will ask for the sum.
bool GradientSum::wait_for(std::int64_t first) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_abandoned_ || ready_from_ <= first; });
    return !is_abandoned_;
}

/// Gloo's time-out is per piece: a connection that trickles would block forever.
Result<void> GradientSum::in_time() {
    const std::scoped_lock lock(mutex_);
    if (!end_ || system_clock().monotonic() <= *end_) return {};
    return transient_error(fmt::format("summing the gradients with the other workers took longer than {} ms",
                                       2 * group_.timeout().count()));
}

}  // namespace emeth::trainer
