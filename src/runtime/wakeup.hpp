// A wake-up call between coroutines of one io thread: kept until it is received, and received once
// however often it was sent.
#pragma once

#include <boost/asio/experimental/channel.hpp>

#include "runtime/task.hpp"

namespace emeth {

/// The caller of wait() checks its condition before and after, since a wake-up may be stale. One waiter at a time. Each
/// wait has its own channel: in Boost 1.81 a channel whose receiver was cancelled refuses what is sent to it.
class Wakeup {
public:
    explicit Wakeup(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;

    void notify() {
        called_ = true;
        if (waiter_ != nullptr) waiter_->try_send(boost::system::error_code{});
    }
    /// Throws operation_aborted when the waiter is cancelled.
    Task<> wait() {
        if (!called_) {
            Waiting waiting(*this);
            co_await waiting.channel.async_receive(asio::use_awaitable);
        }
        called_ = false;
    }

private:
    using Channel = asio::experimental::channel<void(boost::system::error_code)>;
    struct Waiting {
        explicit Waiting(Wakeup& wakeup) : channel(wakeup.executor_, 1), owner(wakeup) { owner.waiter_ = &channel; }
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;
        ~Waiting() {
            if (owner.waiter_ == &channel) owner.waiter_ = nullptr;
        }
        Channel channel;
        Wakeup& owner;
    };

    asio::any_io_executor executor_;
    Channel* waiter_ = nullptr;
    bool called_ = false;
};

}  // namespace emeth
