// Bounds an awaitable in time: the work is cancelled through its cancellation slot and a transient Error returned.
#pragma once

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>
#include <utility>

#include "runtime/clock.hpp"
#include "runtime/result.hpp"
#include "runtime/task.hpp"

namespace emeth {

/// `what` goes into the error: "<what> took longer than 5000 ms".
template <class T>
Task<Result<T>> with_timeout(Task<Result<T>> work, Milliseconds limit, std::string what) {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer timer(co_await asio::this_coro::executor, limit);
    Task<> expiry = timer.async_wait(asio::use_awaitable);
    auto first = co_await (std::move(work) || std::move(expiry));
    if (first.index() == 0) co_return std::move(std::get<0>(first));
    co_return transient_error(what + " took longer than " + std::to_string(limit.count()) + " ms");
}

}  // namespace emeth
