#include "runtime/race.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <exception>

namespace emeth {

Task<> race(Task<> first, Task<> second) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto both = asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(first), asio::deferred),
                                                        asio::co_spawn(executor, std::move(second), asio::deferred));
    auto [order, first_error, second_error] =
        co_await both.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    const std::exception_ptr error = order[0] == 0 ? first_error : second_error;
    if (error) std::rethrow_exception(error);
}

}  // namespace emeth
