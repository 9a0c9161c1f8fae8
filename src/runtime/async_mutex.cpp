#include "runtime/async_mutex.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>

namespace emeth {

AsyncMutex::AsyncMutex(const asio::any_io_executor& executor) : token_(executor, 1) {
    unlock();
}

Task<AsyncMutex::Lock> AsyncMutex::lock() {
    auto [error] = co_await token_.async_receive(asio::as_tuple(asio::use_awaitable));
    if (error) throw boost::system::system_error(asio::error::operation_aborted);  // the channel has a code of its own
    co_return Lock(*this);
}

void AsyncMutex::unlock() {
    // The oldest waiter, if there is one, receives the token here and now: nobody who comes later can overtake it.
    const bool accepted = token_.try_send(boost::system::error_code{});
    assert(accepted);
    static_cast<void>(accepted);
}

}  // namespace emeth
