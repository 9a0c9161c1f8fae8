// Bounds an awaitable in time: the work is cancelled through its cancellation slot and a transient Error is returned.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth {
namespace detail {

/// Runs both until one ends, cancels the other, and waits for that one, too. True if `expiry` came first and the work
/// gave up. An exception from the work is rethrown, as is its operation_aborted when the caller was cancelled.
Task<bool> expires_before(Task<> work, Task<> expiry);

template <class T>
Task<> store_result(Task<Result<T>> work, std::optional<Result<T>>* out) {
    Result<T> result = co_await std::move(work);
    out->emplace(std::move(result));
}

}  // namespace detail

/// `what` goes into the error: "<what> took longer than 5000 ms". Returns only when the work has ended: work that
/// ignores its cancellation is waited for, and a result that it still returns, although late, is returned. An exception
/// from the work propagates. When the caller is cancelled, so is the work, and operation_aborted propagates, since that
/// is not a timeout.
template <class T>
Task<Result<T>> with_timeout(Clock& clock, Task<Result<T>> work, Milliseconds limit, std::string what) {
    std::optional<Result<T>> result;
    Task<> storing = detail::store_result<T>(std::move(work), &result);
    Task<> expiry = clock.sleep(limit);
    const bool expired = co_await detail::expires_before(std::move(storing), std::move(expiry));
    if (expired) co_return transient_error(what + " took longer than " + std::to_string(limit.count()) + " ms");
    co_return std::move(*result);
}

/// Uses the system's clock.
template <class T>
Task<Result<T>> with_timeout(Task<Result<T>> work, Milliseconds limit, std::string what) {
    return with_timeout(system_clock(), std::move(work), limit, std::move(what));
}

}  // namespace emeth
