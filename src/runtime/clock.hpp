// Time as a port: the real clock, and the virtual one of the simulation. Nothing outside runtime/ asks the system for
// the time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth {

using Milliseconds = std::chrono::milliseconds;

class Clock {
public:
    virtual ~Clock() = default;
    /// Wall time: for logs and signed requests only.
    [[nodiscard]] virtual std::int64_t unix_ms() const = 0;
    /// Monotonic time since an arbitrary start.
    [[nodiscard]] virtual Milliseconds monotonic() const = 0;
    /// Throws boost::system::system_error(operation_aborted) when its coroutine is cancelled.
    virtual Task<> sleep(Milliseconds duration) = 0;
};

/// The system's clocks; a shared instance, thread-safe.
Clock& system_clock();
/// By system_clock(), from the monotonic time `start` on. Thread-safe.
double seconds_since(Milliseconds start);

}  // namespace emeth
