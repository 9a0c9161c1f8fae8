#include "runtime/with_timeout.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

#include "runtime/cancellation.hpp"

namespace emeth::detail {

// awaitable_operators' `||` is not used because it waits for the first success, so failing work
// would wait for the clock.
Task<bool> expires_before(Task<> work, Task<> expiry) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto both = asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(work), asio::deferred),
                                                        asio::co_spawn(executor, std::move(expiry), asio::deferred));
    auto [order, work_error, expiry_error] =
        co_await both.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    if (!work_error) co_return false;
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const bool caller_cancelled = state.cancelled() != asio::cancellation_type::none;
    if (expiry_error || caller_cancelled || !is_cancellation(work_error)) std::rethrow_exception(work_error);
    co_return true;
}

}  // namespace emeth::detail
