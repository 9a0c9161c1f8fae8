// Telling a cancellation from a real error.
#pragma once

#include <exception>

namespace emeth {

/// Whether `error` is the operation_aborted that a cancelled coroutine throws. False for null.
bool is_cancellation(const std::exception_ptr& error);

}  // namespace emeth
