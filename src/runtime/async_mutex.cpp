#include "runtime/async_mutex.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "runtime/cancellation.hpp"

namespace emeth {

/// A place in the queue. A waiter that leaves by an exception passes on the lock if it was handed
/// over at that same moment.
class AsyncMutex::Place {
public:
    explicit Place(AsyncMutex& mutex)
        : mutex_(mutex), waiter_(mutex.waiters_.emplace(mutex.waiters_.end(), mutex.executor_)) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
        const bool holds = waiter_->holds && !taken_;
        mutex_.waiters_.erase(waiter_);
        if (holds) mutex_.unlock();
    }
    Wakeup& granted() { return waiter_->granted; }
    void take() { taken_ = true; }

private:
    AsyncMutex& mutex_;
    std::list<Waiter>::iterator waiter_;
    bool taken_ = false;
};

Task<AsyncMutex::Lock> AsyncMutex::lock() {
    if (locked_) {
        Place place(*this);
        try {
            co_await place.granted().wait();
        } catch (const boost::system::system_error&) {
            if (!is_cancellation(std::current_exception())) throw;
            throw boost::system::system_error(asio::error::operation_aborted);  // the channel has its own code
        }
        place.take();
    }
    locked_ = true;
    co_return Lock(*this);
}

/// The oldest waiter receives the lock immediately, so nobody who comes later can overtake it.
void AsyncMutex::unlock() {
    for (Waiter& waiter : waiters_) {
        if (waiter.holds) continue;  // it is already leaving
        waiter.holds = true;
        waiter.granted.notify();
        return;
    }
    locked_ = false;
}

}  // namespace emeth
