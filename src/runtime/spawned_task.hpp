// A coroutine that was started beside its starter, and can be cancelled at any moment of its life.
#pragma once

#include <exception>
#include <functional>
#include <memory>

#include "runtime/task.hpp"

namespace emeth {

/// asio::co_spawn with a cancellation slot, less its trap: its own first and last steps throw out of io_context::run(),
/// which ends the program, when the coroutine is cancelled before it begins or ends cancelled without ever having
/// waited. Here the former never runs and both end by operation_aborted. (Seen with Boost 1.81 and 1.83.)
class SpawnedTask {
public:
    explicit SpawnedTask(asio::any_io_executor executor);
    SpawnedTask(const SpawnedTask&) = delete;
    SpawnedTask& operator=(const SpawnedTask&) = delete;

    /// Once. `ended` is called on the executor, with what the task threw. The task goes on when this object is gone.
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
