// Distinguishes a cancellation from a real error.
#pragma once

#include <exception>

namespace emeth {

/// Whether `error` is what a cancelled coroutine throws: operation_aborted, or a
/// channel's channel_cancelled. False for null.
bool is_cancellation(const std::exception_ptr& error);

}  // namespace emeth
