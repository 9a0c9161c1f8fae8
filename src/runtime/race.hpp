// Two coroutines run concurrently; the first to end decides.
#pragma once

#include <optional>
#include <utility>

#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth {

/// Runs both. When one ends, even by an exception, the other is cancelled; both have ended when it returns. An
/// exception from the one that ended first is rethrown. A result that the loser still returns is dropped, so neither
/// may return something that cannot be obtained again. awaitable_operators' `||` is not used because it waits for the
/// first success, so that a failure would wait for the other side.
Task<> race(Task<> first, Task<> second);

namespace detail {

template <class T>
Task<> keep_first(Task<Result<T>> work, std::optional<Result<T>>* kept) {
    Result<T> result = co_await std::move(work);
    if (!*kept) kept->emplace(std::move(result));
}

}  // namespace detail

/// The result of the one that ended first.
template <class T>
Task<Result<T>> race(Task<Result<T>> first, Task<Result<T>> second) {
    std::optional<Result<T>> kept;
    Task<> left = detail::keep_first<T>(std::move(first), &kept);
    Task<> right = detail::keep_first<T>(std::move(second), &kept);
    co_await race(std::move(left), std::move(right));
    co_return std::move(*kept);
}

}  // namespace emeth
