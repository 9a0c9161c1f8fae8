#include "runtime/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>
#include <unordered_set>
#include <vector>

#include "runtime/cancellation.hpp"
#include "runtime/spawned_task.hpp"

namespace emeth {

struct TaskGroup::Shared {
    using Child = std::shared_ptr<SpawnedTask>;

    Shared(asio::any_io_executor executor_of_children, std::size_t most)
        : executor(std::move(executor_of_children)), children_max(most), all_ended(executor, 1) {}

    void cancel() {
        cancelling = !children.empty();
        // A child may end while it is being cancelled: the copies keep it alive.
        const std::vector<Child> copies(children.begin(), children.end());
        for (const Child& child : copies) child->cancel();
    }

    void ended(const Child& child, const std::exception_ptr& error) {
        children.erase(child);
        if (error && !is_cancellation(error)) {
            if (!first_error) first_error = error;
            cancel();
        }
        if (children.empty()) {
            cancelling = false;
            all_ended.try_send(boost::system::error_code{});
        }
    }

    asio::any_io_executor executor;
    std::size_t children_max;
    std::unordered_set<Child> children;
    std::exception_ptr first_error;
    bool cancelling = false;
    asio::experimental::channel<void(boost::system::error_code)> all_ended;  // a hint to check `children` again
};

TaskGroup::TaskGroup(asio::any_io_executor executor, std::size_t children_max)
    : shared_(std::make_shared<Shared>(std::move(executor), children_max)) {}

TaskGroup::~TaskGroup() {
    assert(shared_->children.empty() && "a TaskGroup was destroyed before join() returned");
}

bool TaskGroup::start(Task<> child) {
    return start(std::move(child), shared_->executor);
}

bool TaskGroup::start(Task<> child, asio::any_io_executor executor) {
    if (shared_->children.size() >= shared_->children_max || shared_->cancelling) return false;
    auto spawned = std::make_shared<SpawnedTask>(std::move(executor));
    shared_->children.insert(spawned);
    spawned->start(std::move(child),
                   [shared = shared_, spawned](std::exception_ptr error) { shared->ended(spawned, error); });
    return true;
}

std::size_t TaskGroup::running() const {
    return shared_->children.size();
}

void TaskGroup::cancel() {
    shared_->cancel();
}

Task<> TaskGroup::join() {
    const std::shared_ptr<Shared> shared = shared_;
    // These settings apply to the whole stack of coroutines, so the caller's are restored.
    const bool throws_if_cancelled = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    bool waiter_cancelled = false;
    while (!shared->children.empty()) {
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (!waiter_cancelled && state.cancelled() != asio::cancellation_type::none) {
            waiter_cancelled = true;
            shared->cancel();
            continue;
        }
        constexpr auto ignore_error = asio::as_tuple(asio::use_awaitable);
        if (waiter_cancelled)
            co_await shared->all_ended.async_receive(
                asio::bind_cancellation_slot(asio::cancellation_slot(), ignore_error));
        else
            co_await shared->all_ended.async_receive(ignore_error);
    }
    co_await asio::this_coro::throw_if_cancelled(throws_if_cancelled);
    if (shared->first_error) std::rethrow_exception(std::exchange(shared->first_error, nullptr));
    if (waiter_cancelled) throw boost::system::system_error(asio::error::operation_aborted);
}

}  // namespace emeth
