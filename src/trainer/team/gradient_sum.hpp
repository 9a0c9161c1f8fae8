// The sum of a step's gradients over a group, begun while the first of them are still being computed: backward
// completes a flat array of gradients from its end, and the network is idle until then.
#pragma once

#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "trainer/formats/precision.hpp"
#include "trainer/team/process_group.hpp"

namespace emeth::trainer {

/// Of one step; another thread does it, which alone uses `group` meanwhile. The members' sums are bit-identical. What a
/// group computes in bfloat16 it also sends in it: half the time on a line that is slower than the processors, for an
/// error well below that of the gradients themselves.
class GradientSum {
public:
    /// `gradients`: flat, float32, of the same size on each member; complete if they are on a GPU. The sum replaces
    /// them.
    GradientSum(ProcessGroup& group, at::Tensor gradients, Precision precision);
    /// Waits for the slice in hand: an idle member costs the group's time-out.
    ~GradientSum();
    GradientSum(const GradientSum&) = delete;
    GradientSum& operator=(const GradientSum&) = delete;

    /// Those from element `first` on are complete, and not to be touched any more.
    void ready_from(std::int64_t first);
    /// All are complete: blocks until they are summed. A transient Error when a member is lost, hangs (for the group's
    /// time-out) or is too slow (no slice begins after twice that); the gradients are then undefined.
    Result<void> finish();

private:
    Result<void> sum_slices();
    [[nodiscard]] bool wait_for(std::int64_t first);
    Result<void> in_time();

    ProcessGroup& group_;
    at::Tensor gradients_, here_;
    Precision precision_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::int64_t ready_from_;
    std::optional<Milliseconds> end_;  // once all are complete
    bool is_abandoned_ = false;
    Result<void> result_;  // of the thread, which sets it before it ends
    std::thread thread_;
};

}  // namespace emeth::trainer
