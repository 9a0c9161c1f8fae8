// A small thread pool for blocking work (RocksDB syncs, hashing, files), so that the io thread never blocks.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "runtime/crash_marker.hpp"
#include "runtime/task.hpp"

namespace emeth {

class BlockingPool {
public:
    /// With 0 threads the work runs immediately on the calling thread, as the simulator requires.
    explicit BlockingPool(std::size_t threads) {
        if (threads > 0) pool_.emplace(threads);
    }
    /// Waits for everything that was started or queued, so that no requested commit is lost.
    ~BlockingPool() {
        if (pool_) pool_->join();
    }
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;

    /// Runs `work` on the pool and resumes the caller on its own executor with the result. Cannot be cancelled once
    /// started: the caller always learns the outcome (and its next co_await throws). An exception from `work` is
    /// rethrown to the caller.
    template <class Work>
    Task<std::invoke_result_t<Work>> run(Work work) {
        using Value = std::invoke_result_t<Work>;
        if (!pool_) co_return work();
        if constexpr (std::is_void_v<Value>) {
            co_await call_on_pool(std::ref(work));
        } else {
            std::optional<Value> value;
            auto store = [&] { value.emplace(work()); };
            co_await call_on_pool(std::ref(store));
            co_return std::move(*value);
        }
    }

private:
    // `work` lives in the frame of run(), which cannot end earlier: nothing listens to the cancellation slot here.
    Task<> call_on_pool(std::function<void()> work) {
        std::exception_ptr error;
        auto begin = [&](auto handler) {
            auto guard = asio::make_work_guard(handler);
            asio::post(*pool_,
                       [&, handler = std::move(handler), guard = std::move(guard), doing = crash::at_work()]() mutable {
                           try {
                               const crash::AtWork mark(doing);  // a crash here is attributed to the caller
                               work();
                           } catch (...) {
                               error = std::current_exception();
                           }
                           asio::post(guard.get_executor(), std::move(handler));
                       });
        };
        co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(begin, asio::use_awaitable);
        if (error) std::rethrow_exception(error);
    }

    std::optional<asio::thread_pool> pool_;
};

}  // namespace emeth
