// An executor that knows whose work it runs: whatever resumes a coroutine on it (a timer, a socket, another coroutine
// or the pool), a crash is attributed to that work.
#pragma once

#include <memory>

#include "runtime/crash_marker.hpp"
#include "runtime/task.hpp"

namespace emeth {

/// Wraps `inner`. `work` is kept alive for as long as any of it may run.
asio::any_io_executor working_on(std::shared_ptr<const crash::Work> work, asio::any_io_executor inner);

}  // namespace emeth
