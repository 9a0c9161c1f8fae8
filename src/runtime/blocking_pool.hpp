// A small pool of threads for work that blocks (RocksDB syncs, hashing, files), so that the io thread never does.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include "runtime/task.hpp"

namespace emeth {

class BlockingPool {
public:
    explicit BlockingPool(std::size_t threads) : pool_(threads) {}

    /// Runs `work` on the pool and resumes the caller on its own executor with the result. Cannot be cancelled once begun: the
    /// caller always learns the outcome. An exception of `work` is rethrown to the caller.
    template <class Work>
    Task<std::invoke_result_t<Work>> run(Work work) {
        // The cancellation slot is dropped on purpose: a commit cannot be undone by cancelling its waiter.
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_return co_await asio::co_spawn(pool_, call(std::move(work)), asio::use_awaitable);
    }

private:
    template <class Work>
    static Task<std::invoke_result_t<Work>> call(Work work) {
        co_return work();
    }

    asio::thread_pool pool_;
};

}  // namespace emeth
