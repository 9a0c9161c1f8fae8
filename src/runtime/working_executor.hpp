// An executor that says whose work it runs: whatever a coroutine of it is resumed for, by a timer, a socket, another
// coroutine or the pool, a crash in there is told to be of that work.
#pragma once

#include <memory>

#include "runtime/crash_marker.hpp"
#include "runtime/task.hpp"

namespace emeth {

/// Over `inner`. `work` is kept for as long as anything of it may run.
asio::any_io_executor working_on(std::shared_ptr<const crash::Work> work, asio::any_io_executor inner);

}  // namespace emeth
