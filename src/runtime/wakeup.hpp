// A wake-up call between coroutines of one io thread: kept until it is heard, and heard once however often it was made.
#pragma once

#include <boost/asio/experimental/channel.hpp>

#include "runtime/task.hpp"

namespace emeth::worker_protocol {

/// The caller of wait() looks at what it waits for before and after: a wake-up may be an old one. One waiter at a time.
class Wakeup {
public:
    explicit Wakeup(const asio::any_io_executor& executor) : token_(executor, 1) {}

    void notify() { token_.try_send(boost::system::error_code{}); }
    /// Throws operation_aborted when the waiter is cancelled.
    Task<> wait() { co_await token_.async_receive(asio::use_awaitable); }

private:
    asio::experimental::channel<void(boost::system::error_code)> token_;
};

}  // namespace emeth::worker_protocol
