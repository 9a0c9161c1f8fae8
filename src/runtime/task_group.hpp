// Structured concurrency: children started here end before join() returns. No detached coroutine outlives its group.
#pragma once

#include <cstddef>
#include <memory>

#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth {

/// Single-threaded: used only from the io thread. The destructor requires that join() was
/// awaited or nothing was started.
class TaskGroup {
public:
    TaskGroup(asio::any_io_executor executor, std::size_t children_max);
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Starts `child`; returns false and starts nothing if `children_max` are running or the group is being cancelled.
    bool start(Task<> child);
    /// As above, on another executor, which must run on the group's io thread.
    bool start(Task<> child, asio::any_io_executor executor);
    [[nodiscard]] std::size_t running() const;
    /// Cancels every child. From outside a handler of the executor, the children learn of it when that runs.
    void cancel();
    /// Waits for all children, then rethrows the first real error (operation_aborted is not one). A child's error
    /// cancels its siblings. When the waiter is cancelled, the children are cancelled and still awaited.
    Task<> join();

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

}  // namespace emeth
