#include "runtime/async_mutex.hpp"

#include <cassert>

namespace emeth {

AsyncMutex::AsyncMutex(const asio::any_io_executor& executor) : token_(executor, 1) { unlock(); }

Task<AsyncMutex::Lock> AsyncMutex::lock() {
    co_await token_.async_receive(asio::use_awaitable);
    co_return Lock(*this);
}

void AsyncMutex::unlock() {
    // The oldest waiter, if there is one, receives the token here and now: nobody who comes later can overtake it.
    const bool accepted = token_.try_send(boost::system::error_code{});
    assert(accepted);
    static_cast<void>(accepted);
}

}  // namespace emeth
