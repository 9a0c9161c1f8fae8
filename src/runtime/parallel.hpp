// Work that is divided among threads and waited for: for commands that have the machine to themselves. What runs beside
// an io thread goes to the BlockingPool.
#pragma once

#include <functional>

namespace emeth {

/// Runs `work` on `threads` threads at once, this one among them, and returns when all have ended. The first exception
/// is rethrown.
void on_threads(unsigned threads, const std::function<void()>& work);

}  // namespace emeth
