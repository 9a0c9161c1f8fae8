// A coroutine that was started beside its starter, and can be cancelled at any moment of its life.
#pragma once

#include <exception>
#include <functional>
#include <memory>

#include "runtime/task.hpp"

namespace emeth {

/// asio::co_spawn with a cancellation slot, less its trap: a coroutine that never waited is completed by one more wait
/// of co_spawn's own, which throws out of io_context::run() if the coroutine is cancelled by then. That ends the
/// program. (Seen with Boost 1.81 and 1.83.) Here, what is cancelled before it begins never runs, and ends by
/// operation_aborted; what never waited ends as it ended.
class SpawnedTask {
public:
    explicit SpawnedTask(asio::any_io_executor executor);
    SpawnedTask(const SpawnedTask&) = delete;
    SpawnedTask& operator=(const SpawnedTask&) = delete;

    /// Once, from the executor's thread or while that does not run. `ended` is called on the executor, with what the
    /// task threw, and must not throw. The task goes on when this object is gone.
    void start(Task<> task, std::function<void(std::exception_ptr error)> ended);
    /// At once when called from the executor's thread, else as soon as that runs. No effect on what has ended. Any
    /// thread.
    void cancel();

private:
    struct State;
    static Task<> guarded(std::shared_ptr<State> state, Task<> task);

    std::shared_ptr<State> state_;
};

}  // namespace emeth
